import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { everySet, nodes, objectOf, render } from './manifest-sets.ts';

/** The promises of these manifests to the owner of a cluster. An edit that breaks one must fail here. */

const Role = z.object({
  rules: z.array(
    z.strictObject({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      verbs: z.array(z.string()),
    }),
  ),
});

const rulesOf = (name: string): string[] =>
  Role.parse(objectOf(render({}), 'Role', name)).rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}: ${verbs.join(' ')}`)),
  );

describe('nothing is open by default', () => {
  test('the namespace admits restricted pods only, and warns about others', () => {
    const { labels = {} } = objectOf(render({}), 'Namespace').metadata;
    for (const mode of ['enforce', 'audit', 'warn']) {
      expect(labels[`pod-security.kubernetes.io/${mode}`]).toBe('restricted');
      expect(labels[`pod-security.kubernetes.io/${mode}-version`]).toMatch(/^v1\.\d+$/);
    }
  });

  test('the state machine, settle-job and sweep have these rights, in this namespace, and no others', () => {
    expect(rulesOf('run-job')).toEqual(['batch/jobs: create get list watch delete', '/pods: get list watch']);
    expect(rulesOf('settle-job')).toEqual(['batch/jobs: list delete']);
    expect(rulesOf('sweep')).toEqual(['/pods: list delete', '/pods/status: patch']);
  });

  test('no set has a right or a resource by wildcard, a right in the whole cluster, and nothing secret', () => {
    for (const { objects } of everySet()) {
      expect(objects.filter(({ kind }) => kind.startsWith('Cluster') || kind === 'Secret')).toEqual([]);
      for (const object of objects.filter(({ kind }) => kind === 'Role')) {
        expect(JSON.stringify(object)).not.toMatch(/\*|secrets|pods\/(?!status")|escalate|bind|impersonate/);
      }
    }
  });

  test('rights belong to groups named after the namespace, so that one stage has none in another', () => {
    for (const name of ['run-job', 'settle-job', 'sweep']) {
      expect(objectOf(render({ namespace: 'stage-two' }), 'RoleBinding', name)).toMatchObject({
        metadata: { namespace: 'stage-two' },
        roleRef: { kind: 'Role', name },
        subjects: [{ kind: 'Group', name: `stage-two:${name}` }],
      });
    }
  });

  test('a pod does not get a token of the Kubernetes API', () => {
    expect(objectOf(render({}), 'ServiceAccount')).toMatchObject({ automountServiceAccountToken: false });
  });
});

describe('a job reaches what it needs and nothing else', () => {
  const Policy = z.object({
    spec: z.strictObject({
      podSelector: z.strictObject({}),
      policyTypes: z.array(z.string()),
      egress: z
        .array(
          z.strictObject({
            to: z.array(z.strictObject({ ipBlock: z.strictObject({ cidr: z.string() }) })).optional(),
            ports: z.array(z.strictObject({ protocol: z.string(), port: z.number() })).min(1),
          }),
        )
        .default([]),
    }),
  });
  const openings = (name: string, parameters = {}): string[] =>
    Policy.parse(objectOf(render(parameters), 'NetworkPolicy', name)).spec.egress.flatMap(({ to, ports }) =>
      ports.map(({ protocol, port }) => `${to?.[0]?.ipBlock.cidr ?? 'anywhere'} ${protocol} ${port}`),
    );

  test('both directions are closed for every pod of the namespace', () => {
    expect(objectOf(render({}), 'NetworkPolicy', 'default-deny')).toMatchObject({
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
    expect(openings('default-deny')).toEqual([]);
  });

  // Port 80 anywhere else would reach EC2's metadata, and with it the node's own role.
  test('Pod Identity, DNS and TLS are allowed', () => {
    expect(openings('job-egress')).toEqual([
      '169.254.170.23/32 TCP 80',
      'anywhere UDP 53',
      'anywhere TCP 53',
      'anywhere TCP 443',
    ]);
  });

  test('a table outside AWS adds its one address and port', () => {
    expect(openings('table-egress', { tableAddress: '10.0.0.1:3002' })).toEqual(['10.0.0.1/32 TCP 3002']);
  });
});

describe('the nodes are the jobs’ own, and end', () => {
  const forms = [nodes['auto-mode'], nodes.bottlerocket];

  test('label and taint name the namespace: other pods stay away, other namespaces’ jobs too', () => {
    for (const form of forms) {
      expect(objectOf(render({ ...form, namespace: 'stage-two' }), 'NodePool')).toMatchObject({
        metadata: { name: 'stage-two' },
        spec: {
          template: {
            metadata: { labels: { 'eks-jobs/pool': 'stage-two' } },
            spec: { taints: [{ key: 'eks-jobs/pool', value: 'stage-two', effect: 'NoSchedule' }] },
          },
        },
      });
    }
  });

  test('how many run at once is limited, by default too', () => {
    for (const form of forms) {
      expect(objectOf(render(form), 'NodePool')).toMatchObject({ spec: { limits: { cpu: '64' } } });
      expect(objectOf(render({ ...form, cpuLimit: '8' }), 'NodePool')).toMatchObject({
        spec: { limits: { cpu: '8' } },
      });
    }
  });

  // docs/how-a-job-runs.md: 21,600 seconds of waiting and 21,600 of running; a shorter end of the node would cut jobs off.
  test('a node that must end waits for the longest job, with a limit', () => {
    const Pool = z.object({
      spec: z.object({
        disruption: z.object({
          consolidationPolicy: z.literal('WhenEmpty'),
          consolidateAfter: z.literal('60s'),
        }),
        template: z.object({
          spec: z.object({ expireAfter: z.literal('168h'), terminationGracePeriod: z.string() }),
        }),
      }),
    });
    for (const form of forms) {
      const { terminationGracePeriod } = Pool.parse(objectOf(render(form), 'NodePool')).spec.template.spec;
      const [, hours = '', minutes = ''] = /^(\d+)h(\d+)m$/.exec(terminationGracePeriod) ?? [];
      const seconds = Number(hours) * 3600 + Number(minutes) * 60;
      expect(seconds).toBeGreaterThan(21_600 + 21_600 + 30);
      expect(seconds).toBeLessThanOrEqual(24 * 3600);
    }
  });

  test('spot is tried before on-demand, on the architecture of the image', () => {
    for (const form of forms) {
      const pool = objectOf(render({ ...form, architecture: 'arm64' }), 'NodePool');
      const { requirements } = z
        .object({
          spec: z.object({ template: z.object({ spec: z.object({ requirements: z.array(z.unknown()) }) }) }),
        })
        .parse(pool).spec.template.spec;
      expect(requirements).toContainEqual({
        key: 'karpenter.sh/capacity-type',
        operator: 'In',
        values: ['spot', 'on-demand'],
      });
      expect(requirements).toContainEqual({ key: 'kubernetes.io/arch', operator: 'In', values: ['arm64'] });
    }
  });

  // Without both of these EKS Auto Mode ignores every NetworkPolicy. Its NodeClass has no public schema to validate by.
  test('EKS Auto Mode enforces NetworkPolicy, in the cluster and on these nodes', () => {
    const set = render(nodes['auto-mode']);
    expect(objectOf(set, 'ConfigMap')).toMatchObject({
      metadata: { name: 'amazon-vpc-cni', namespace: 'kube-system' },
      data: { 'enable-network-policy-controller': 'true' },
    });
    const NodeClass = z.strictObject({
      apiVersion: z.literal('eks.amazonaws.com/v1'),
      kind: z.literal('NodeClass'),
      metadata: z.looseObject({ name: z.literal('eks-jobs') }),
      spec: z.strictObject({
        role: z.literal('eks-jobs-node'),
        subnetSelectorTerms: z.tuple([z.strictObject({ tags: z.record(z.string(), z.string()) })]),
        securityGroupSelectorTerms: z.tuple([z.strictObject({ tags: z.record(z.string(), z.string()) })]),
        ephemeralStorage: z.strictObject({ size: z.literal('20Gi') }),
        networkPolicy: z.literal('DefaultAllow'),
        networkPolicyEventLogs: z.literal('Disabled'),
      }),
    });
    expect(NodeClass.safeParse(objectOf(set, 'NodeClass')).error).toBeUndefined();
    expect(objectOf(set, 'NodePool')).toMatchObject({
      spec: {
        template: {
          spec: { nodeClassRef: { group: 'eks.amazonaws.com', kind: 'NodeClass', name: 'eks-jobs' } },
        },
      },
    });
  });

  // The default of Auto Mode is 80 GiB, which adds a fifth or more to the price of a small node.
  test('a node has a disk of the size that jobs need, encrypted', () => {
    expect(objectOf(render(nodes['auto-mode']), 'NodeClass')).toMatchObject({
      spec: { ephemeralStorage: { size: '20Gi' } },
    });
    const disk = (volumeSize: string) => ({ ebs: { volumeType: 'gp3', volumeSize, encrypted: true } });
    expect(objectOf(render(nodes.bottlerocket), 'EC2NodeClass')).toMatchObject({
      spec: { blockDeviceMappings: [disk('4Gi'), disk('20Gi')] },
    });
  });

  test('your own Karpenter runs Bottlerocket at one release, whose metadata pods cannot reach', () => {
    expect(objectOf(render(nodes.bottlerocket), 'EC2NodeClass')).toMatchObject({
      spec: {
        amiSelectorTerms: [{ alias: 'bottlerocket@v1.50.0' }],
        metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
      },
    });
  });
});
