import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import type { KubernetesObject } from '../../k8s/kubernetes-object.ts';
import { nodes, objectOf, render } from '../unit/k8s/manifest-sets.ts';
import { identity, type Answer } from '../harness/cluster/identities.ts';
import { applyObjects, kubectl } from '../harness/cluster/kubectl.ts';
import { manifestCommand, manifestsDone } from './manifest-command.ts';

/**
 * Our NodePools and our EC2NodeClass against the schemas that Karpenter and its AWS provider are released with: the API server
 * judges, no controller runs. EKS Auto Mode's own NodeClass has no public schema; tests/unit/k8s/promises.test.ts compares ours
 * with AWS's documentation, and a stand-in that takes everything lets the rest of Auto Mode's set be applied here.
 */
const autoModeStandIn = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'nodeclasses.eks.amazonaws.com' },
  spec: {
    group: 'eks.amazonaws.com',
    scope: 'Cluster',
    names: { kind: 'NodeClass', plural: 'nodeclasses' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

const crds = ['nodepools.karpenter.sh', 'ec2nodeclasses.karpenter.k8s.aws', 'nodeclasses.eks.amazonaws.com'];

beforeAll(async () => {
  const folder = process.env['CLUSTER_CRDS'] ?? '';
  const files = ['karpenter', 'karpenter-aws'].map((name) => `--filename=${join(folder, name)}`);
  await kubectl('apply', '--server-side', ...files);
  await applyObjects(autoModeStandIn);
  await kubectl('wait', '--for=condition=Established', '--timeout=60s', ...crds.map((name) => `crd/${name}`));
});

/** Another file's cluster has no Karpenter; the pools go with their kind. */
afterAll(async () => {
  await kubectl('delete', 'crd', ...crds);
});

const autoMode = ['--node-class', 'auto-mode', '--node-role', 'node', '--cluster-name', 'test'];
const bottlerocket = [
  ...['--node-class', 'bottlerocket', '--node-role', 'node', '--cluster-name', 'test'],
  ...['--bottlerocket-version', 'v1.50.0'],
];

describe('k8s:apply with nodes', () => {
  test('the schemas accept both forms, a second time changes nothing, and none takes the nodes away', async () => {
    for (const form of [bottlerocket, autoMode]) {
      const here = ['--namespace', 'nodes'];
      await manifestsDone('apply', ...here, ...form, '--wait', '0');
      const again = await manifestsDone('apply', ...here, ...form, '--wait', '0');
      expect(again).toContain('unchanged NodePool nodes\n');
      expect(again).not.toMatch(/^(created|changed)/m);
      // The schema's own defaults are no difference.
      expect(await manifestsDone('diff', ...here, ...form)).toBe('');
      expect(await manifestsDone('apply', ...here)).toContain('deleted NodePool nodes\n');
    }
    await manifestsDone('delete', '--namespace', 'nodes');
  });

  // Nothing is ready because it was written down: Karpenter must have looked at it.
  test('waits until Karpenter says that pool and class are ready, and says so when it does not', async () => {
    const apply = (...options: string[]) =>
      manifestCommand('apply', '--context', 'cluster', '--namespace', 'ready', ...bottlerocket, ...options);
    const unready = await apply('--wait', '1');
    expect(unready.code).toBe(1);
    expect(unready.errors).toContain(
      'EC2NodeClass ready: after 1 s nobody has looked at it: does the controller of karpenter.k8s.aws/v1 run?',
    );
    const condition = {
      type: 'Ready',
      status: 'False',
      reason: 'SubnetsNotFound',
      message: 'no subnet has that tag',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const status = (kind: string, ready: 'True' | 'False') => {
      const patch = JSON.stringify({ status: { conditions: [{ ...condition, status: ready }] } });
      return kubectl('patch', kind, 'ready', '--subresource=status', '--type=merge', `--patch=${patch}`);
    };
    await status('ec2nodeclass', 'False');
    expect((await apply('--wait', '1')).errors).toContain('it is not Ready: no subnet has that tag');

    const waiting = apply('--wait', '60');
    for (const kind of ['ec2nodeclass', 'nodepool']) await status(kind, 'True');
    expect(await waiting).toMatchObject({ code: 0, errors: '' });
    await manifestsDone('delete', '--namespace', 'ready');
  });

  // Two stages on one Auto Mode cluster need the same setting; deleting one must not switch NetworkPolicy off for the other.
  test('the cluster’s setting for NetworkPolicy stays until nobody needs it, and the ConfigMap for ever', async () => {
    const setting = () =>
      kubectl('get', 'configmap', 'amazon-vpc-cni', '--namespace=kube-system', '--output=jsonpath={.data}');
    const metadata = { name: 'amazon-vpc-cni', namespace: 'kube-system' };
    await applyObjects({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { own: 'setting' } });
    for (const stage of ['one', 'two']) {
      await manifestsDone('apply', '--namespace', `stage-${stage}`, ...autoMode, '--wait', '0');
    }
    expect(JSON.parse(await setting())).toEqual({
      own: 'setting',
      'enable-network-policy-controller': 'true',
    });
    expect(await manifestsDone('delete', '--namespace', 'stage-one')).toContain(
      'released ConfigMap amazon-vpc-cni in kube-system\n',
    );
    expect(JSON.parse(await setting())).toEqual({
      own: 'setting',
      'enable-network-policy-controller': 'true',
    });
    await manifestsDone('delete', '--namespace', 'stage-two');
    expect(JSON.parse(await setting())).toEqual({ own: 'setting' });
  });
});

describe('the schemas of Karpenter v1.14.1 refuse what is wrong', () => {
  const set = render(nodes.bottlerocket);
  const paths = {
    NodePool: '/apis/karpenter.sh/v1/nodepools',
    EC2NodeClass: '/apis/karpenter.k8s.aws/v1/ec2nodeclasses',
  };

  /** The object with one value replaced at that path of keys, created as a trial. */
  function tried(kind: keyof typeof paths, path: string, value: unknown): Promise<Answer> {
    const object: KubernetesObject = structuredClone(objectOf(set, kind));
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const parent = keys.reduce<object>((at, key) => (at as Record<string, object>)[key] ?? {}, object);
    if (!(last in parent)) throw new Error(`${kind} has no ${path}`);
    (parent as Record<string, unknown>)[last] = value;
    const administrator = identity('administrator', 'system:masters');
    return administrator.send('POST', `${paths[kind]}?dryRun=All&fieldValidation=Strict`, object);
  }

  test.each([
    ['NodePool', 'metadata.name', 'accepted'],
    ['EC2NodeClass', 'metadata.name', 'accepted'],
  ] as const)('but accept our %s', async (kind, path, name) => {
    expect((await tried(kind, path, name)).status).toBe(201);
  });

  const template = 'spec.template.spec';
  test.each([
    ['NodePool', `${template}.taints.0.effect`, 'NoJobs', 'Unsupported value: \\"NoJobs\\"'],
    ['NodePool', `${template}.terminationGracePeriod`, '12 hours', 'terminationGracePeriod'],
    ['NodePool', `${template}.terminationGracePeriod`, 'Never', 'terminationGracePeriod'],
    ['NodePool', `${template}.expireAfter`, '7d', 'expireAfter'],
    ['NodePool', `${template}.requirements.0.values`, [], "operator 'In' must have a value defined"],
    ['NodePool', `${template}.requirements.0.operator`, 'Is', 'Unsupported value: \\"Is\\"'],
    ['NodePool', `${template}.nodeClassRef.kind`, '', 'kind may not be empty'],
    ['NodePool', 'spec.disruption.consolidationPolicy', 'WhenUnderutilized', 'Unsupported value'],
    ['NodePool', 'spec.disruption.consolidateAfter', '60', 'consolidateAfter'],
    ['NodePool', 'spec.disruption.budgets.0.nodes', '101%', 'nodes'],
    ['NodePool', 'spec.disruption.budgets.0.reasons', ['Expired'], 'Unsupported value: \\"Expired\\"'],
    ['NodePool', 'spec.limits.cpu', 'many', 'spec.limits'],
    // v1alpha5's spelling of consolidation.
    ['NodePool', 'spec', { ttlSecondsAfterEmpty: 60 }, 'unknown field \\"spec.ttlSecondsAfterEmpty\\"'],
    [
      'EC2NodeClass',
      'spec.amiSelectorTerms.0.alias',
      'bottlerocket',
      "must match the format 'family@version'",
    ],
    ['EC2NodeClass', 'spec.amiSelectorTerms.0.alias', 'ubuntu@v1', 'family is not supported'],
    ['EC2NodeClass', 'spec.role', '', 'role cannot be empty'],
    ['EC2NodeClass', 'spec.role', null, "must specify exactly one of ['role', 'instanceProfile']"],
    ['EC2NodeClass', 'spec.subnetSelectorTerms', [], 'subnetSelectorTerms cannot be empty'],
    [
      'EC2NodeClass',
      'spec.securityGroupSelectorTerms.0.tags',
      { name: '' },
      "empty tag keys or values aren't supported",
    ],
    ['EC2NodeClass', 'spec.metadataOptions.httpTokens', 'never', 'Unsupported value: \\"never\\"'],
    ['EC2NodeClass', 'spec.tags', { 'karpenter.sh/nodepool': 'other' }, 'restricted tag'],
  ] as const)('%s with %s %j', async (kind, path, value, reason) => {
    const { status, body } = await tried(kind, path, value);
    expect({ refused: [400, 422].includes(status), body }).toEqual({
      refused: true,
      body: expect.stringContaining(reason),
    });
  });
});
