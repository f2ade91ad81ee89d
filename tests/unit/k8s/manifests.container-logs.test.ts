import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { logsOf } from '../../../api/job-view.ts';
import { readManifests } from '../../../k8s/manifests.ts';
import { amountOf } from '../../../lib/quantities.ts';
import { everySet, logs, nodes, objectOf, render } from './manifest-sets.ts';

/** What ships the containers' logs, and every pod that the stack itself runs on the jobs' nodes. */

const Toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(['Equal', 'Exists']),
  value: z.string().optional(),
  effect: z.string().optional(),
});
const Taint = z.object({ key: z.string(), value: z.string(), effect: z.string() });
const Pool = z.object({
  spec: z.object({ template: z.object({ spec: z.object({ taints: z.array(Taint) }) }) }),
});
const Container = z.looseObject({
  resources: z.looseObject({ requests: z.object({ cpu: z.string(), memory: z.string() }) }),
});
const Workload = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).default({}) }),
      spec: z.looseObject({
        tolerations: z.array(Toleration).default([]),
        containers: z.array(Container).min(1),
        terminationGracePeriodSeconds: z.number(),
      }),
    }),
  }),
});

const tolerates =
  (taint: z.infer<typeof Taint>) =>
  ({ key, operator, value, effect }: z.infer<typeof Toleration>): boolean =>
    (key === undefined || key === taint.key) &&
    (operator === 'Exists' || value === taint.value) &&
    (effect === undefined || effect === taint.effect);

const workloadKinds = ['DaemonSet', 'Deployment', 'StatefulSet', 'Job', 'CronJob', 'ReplicaSet', 'Pod'];

describe('every pod that the stack runs itself', () => {
  const workloads = everySet('stage-two').flatMap(({ objects }) =>
    objects.filter(({ kind }) => workloadKinds.includes(kind)),
  );

  // A pod that keeps a node costs $25 to $60 a month. One that cannot be scheduled ends a deploy after twenty minutes.
  test('is of a DaemonSet, which keeps no node', () => {
    expect(workloads.length).toBeGreaterThan(0);
    expect([...new Set(workloads.map(({ kind }) => kind))]).toEqual(['DaemonSet']);
  });

  test('can be scheduled on the jobs’ nodes', () => {
    const taints = Pool.parse(
      objectOf(render({ ...nodes['auto-mode'], ...logs, namespace: 'stage-two' }), 'NodePool'),
    ).spec.template.spec.taints;
    expect(taints).toHaveLength(1);
    for (const workload of workloads) {
      const { tolerations } = Workload.parse(workload).spec.template.spec;
      for (const taint of taints) expect(tolerations.some(tolerates(taint))).toBe(true);
    }
  });

  // Otherwise jobs fill a new node first, and the logs of that node are never sent.
  test('takes its place on a node that is starting', () => {
    for (const workload of workloads) {
      const { tolerations } = Workload.parse(workload).spec.template.spec;
      for (const [key, effect] of [
        ['karpenter.sh/unregistered', 'NoExecute'],
        ['node.cloudprovider.kubernetes.io/uninitialized', 'NoSchedule'],
        ['node.kubernetes.io/not-ready', 'NoSchedule'],
      ] as const) {
        expect(tolerations.some(tolerates({ key, value: '', effect }))).toBe(true);
      }
      // Karpenter evicts it from a node that ends, after the jobs: so it sends their last lines.
      const disrupted = { key: 'karpenter.sh/disrupted', value: '', effect: 'NoSchedule' };
      expect(tolerations.some(tolerates(disrupted))).toBe(false);
    }
  });

  test('leaves the node to the jobs: it reserves a fortieth of a CPU', () => {
    for (const workload of workloads) {
      for (const { resources } of Workload.parse(workload).spec.template.spec.containers) {
        expect(amountOf(resources.requests.cpu)).toBeLessThanOrEqual(amountOf('25m'));
        expect(amountOf(resources.requests.memory)).toBeLessThanOrEqual(amountOf('64Mi'));
      }
    }
  });
});

describe('fluent-bit', () => {
  const set = render({ ...nodes['auto-mode'], ...logs });
  const daemonSet = objectOf(set, 'DaemonSet', 'fluent-bit', 'eks-jobs-logs');

  test('is applied only where a log group is named', () => {
    const without = render(nodes['auto-mode']).objects.filter(({ metadata }) =>
      [metadata.name, metadata.namespace].includes('eks-jobs-logs'),
    );
    expect(without).toEqual([]);
  });

  test('may read the node’s logs, and nothing else: no token, no capability, no write', () => {
    expect(daemonSet).toMatchObject({
      spec: {
        template: {
          spec: {
            serviceAccountName: 'fluent-bit',
            automountServiceAccountToken: false,
            securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
                volumeMounts: [
                  { name: 'logs', mountPath: '/var/log/pods', readOnly: true },
                  { name: 'config', mountPath: '/config', readOnly: true },
                  { name: 'state', mountPath: '/state' },
                ],
              },
            ],
            volumes: [
              { name: 'logs', hostPath: { path: '/var/log/pods', type: 'Directory' } },
              { name: 'config', configMap: { name: 'fluent-bit' } },
              { name: 'state', emptyDir: { sizeLimit: '32Mi' } },
            ],
          },
        },
      },
    });
    const text = JSON.stringify(daemonSet);
    for (const forbidden of ['hostNetwork', 'hostPID', 'hostIPC', 'privileged', 'SYS_']) {
      expect(text).not.toContain(forbidden);
    }
    expect(set.objects.filter(({ kind }) => kind.startsWith('ClusterRole'))).toEqual([]);
    expect(objectOf(set, 'ServiceAccount', 'fluent-bit')).toMatchObject({
      automountServiceAccountToken: false,
    });
  });

  test('reaches what a job reaches, and nothing reaches it', () => {
    const policy = objectOf(set, 'NetworkPolicy', 'fluent-bit', 'eks-jobs-logs');
    const jobs = z
      .object({ spec: z.object({ egress: z.array(z.unknown()) }) })
      .parse(objectOf(set, 'NetworkPolicy', 'job-egress'));
    expect(policy).toMatchObject({
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: jobs.spec.egress },
    });
    expect(policy['spec']).not.toHaveProperty('ingress');
  });

  test('runs one release of AWS’s image, on both architectures', () => {
    expect(JSON.stringify(daemonSet)).toMatch(
      /"image":"public\.ecr\.aws\/aws-observability\/aws-for-fluent-bit:\d+\.\d+\.\d+"/,
    );
  });

  // A change of a ConfigMap alone does not restart pods.
  test('is replaced when its configuration changes', () => {
    const source = parseAllDocuments(readManifests()['container-logs.yml'] ?? '')
      .map((document) => document.toJS() as { kind: string; data?: Record<string, string> })
      .find(({ kind }) => kind === 'ConfigMap');
    const hash = createHash('sha256').update(JSON.stringify(source?.data)).digest('hex').slice(0, 12);
    const { annotations } = Workload.parse(daemonSet).spec.template.metadata;
    expect(annotations['eks-jobs/configuration']).toBe(hash);
  });
});

/**
 * The keys of each plugin that fluent-bit 5.0.9 knows, of those that are used here: an unknown key ends it at its start
 * (https://docs.fluentbit.io/manual).
 */
const knownKeys: Record<string, readonly string[]> = {
  SERVICE: [
    ...['flush', 'grace', 'log_level', 'parsers_file', 'http_server', 'http_listen', 'http_port'],
    ...['scheduler.base', 'scheduler.cap'],
  ],
  'INPUT tail': [
    ...[
      'name',
      'tag',
      'path',
      'path_key',
      'tag_regex',
      'multiline.parser',
      'read_from_head',
      'db',
      'db.locking',
    ],
    ...['refresh_interval', 'rotate_wait', 'buffer_max_size', 'skip_long_lines', 'mem_buf_limit'],
  ],
  'FILTER parser': ['name', 'match', 'key_name', 'parser', 'reserve_data'],
  'FILTER nest': ['name', 'match', 'operation', 'wildcard', 'nest_under'],
  'FILTER record_modifier': ['name', 'match', 'allowlist_key'],
  'OUTPUT cloudwatch_logs': [
    ...['name', 'match', 'region', 'log_group_name', 'log_stream_prefix', 'auto_create_group', 'retry_limit'],
  ],
  'PARSER pod': ['name', 'format', 'regex'],
};

interface Section {
  name: string;
  settings: [string, string][];
}

/** Reads the classic form: sections in brackets, each line below with the same indent a key and a value. */
function sectionsOf(text: string): Section[] {
  const sections: Section[] = [];
  for (const line of text.split('\n').filter((candidate) => !/^\s*(#|$)/.test(candidate))) {
    const header = /^\[([A-Z]+)\]$/.exec(line)?.[1];
    const setting = /^ {4}(\S+) +(\S.*)$/.exec(line);
    if (header !== undefined) sections.push({ name: header, settings: [] });
    else if (setting) sections.at(-1)?.settings.push([setting[1]?.toLowerCase() ?? '', setting[2] ?? '']);
    else throw new Error(`fluent-bit cannot read: ${line}`);
  }
  return sections.map(({ name, settings }) => {
    const plugin = settings.find(([key]) => key === 'name')?.[1];
    return { name: plugin === undefined ? name : `${name} ${plugin}`, settings };
  });
}

describe('the configuration of fluent-bit', () => {
  const set = render({ ...nodes['auto-mode'], ...logs, namespace: 'stage-two' });
  const { data } = z
    .object({ data: z.record(z.string(), z.string()) })
    .parse(objectOf(set, 'ConfigMap', 'fluent-bit', 'stage-two-logs'));
  const sections = sectionsOf(data['fluent-bit.conf'] ?? '');
  const parsers = sectionsOf(data['parsers.conf'] ?? '');
  const valueOf = (name: string, key: string): string | undefined =>
    [...sections, ...parsers]
      .find((section) => section.name === name)
      ?.settings.find(([candidate]) => candidate === key)?.[1];

  test('has only sections and keys that fluent-bit knows', () => {
    for (const { name, settings } of [...sections, ...parsers]) {
      expect(Object.keys(knownKeys)).toContain(name);
      expect(settings.map(([key]) => key).filter((key) => knownKeys[name]?.includes(key) !== true)).toEqual(
        [],
      );
    }
  });

  test('reads the containers of the jobs’ namespace only, and joins the parts of long lines', () => {
    expect(valueOf('INPUT tail', 'path')).toBe('/var/log/pods/stage-two_*/*/*.log');
    expect(valueOf('INPUT tail', 'multiline.parser')).toBe('cri');
  });

  test('sends to the stack’s log group, and never creates one: that would have no retention', () => {
    expect(valueOf('OUTPUT cloudwatch_logs', 'log_group_name')).toBe(logs.logGroup);
    expect(valueOf('OUTPUT cloudwatch_logs', 'region')).toBe(logs.logRegion);
    expect(valueOf('OUTPUT cloudwatch_logs', 'auto_create_group')).toBe('Off');
  });

  test('has time to send the last lines before the pod is killed', () => {
    const { terminationGracePeriodSeconds } = Workload.parse(objectOf(set, 'DaemonSet')).spec.template.spec;
    expect(Number(valueOf('SERVICE', 'grace'))).toBeLessThan(terminationGracePeriodSeconds);
  });

  // Ruby's named groups are those of JavaScript.
  test('names the pod as the query of GET /jobs/{jobId}/logs expects it', () => {
    const [jobId, pod] = ['01jdd0000000000000000000aa', '01jdd0000000000000000000aa-0-1-x7k2p'];
    const path = `/var/log/pods/stage-two_${pod}_5e0c2a1b-0000-4000-8000-000000000000/data-processor/0.log`;
    expect(new RegExp(valueOf('PARSER pod', 'regex') ?? '').exec(path)?.groups).toEqual({
      namespace_name: 'stage-two',
      pod_name: pod,
      container_name: 'data-processor',
    });
    expect(new RegExp(valueOf('INPUT tail', 'tag_regex') ?? '').exec(path)?.groups).toEqual({ pod });
    const { full } = logsOf(jobId, [], logs.logGroup);
    const [, nested = '', field = '', pattern = ''] =
      /filter (\w+)\.(\w+) like \/(.+)\/ /.exec(full?.query ?? '') ?? [];
    expect(valueOf('FILTER nest', 'nest_under')).toBe(nested);
    expect(sections.find(({ name }) => name === 'FILTER nest')?.settings).toContainEqual(['wildcard', field]);
    expect(new RegExp(pattern).test(pod)).toBe(true);
    // What is not in this list is removed from the record.
    const kept = sections.find(({ name }) => name === 'FILTER record_modifier')?.settings ?? [];
    for (const key of ['log', nested]) expect(kept).toContainEqual(['allowlist_key', key]);
  });
});
