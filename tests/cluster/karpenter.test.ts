import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KubeConfig } from '@kubernetes/client-node';
import * as z from 'zod';
import { readManifests, renderManifests } from '../../k8s/manifests.ts';
import { buildDataProcessor } from '../../image/cargo.ts';
import { containersOf } from '../compliance/containers.ts';
import { startService, waitForCleanup } from '../compliance/job-runner.ts';
import { eventually, type RunningService } from '../harness/running-service.ts';
import { startKarpenter, startKwok } from '../harness/cluster/karpenter.ts';
import { applyObjects, kubectl } from '../harness/cluster/kubectl.ts';
import { namespace } from '../harness/cluster/service.ts';
import { SimulatedNodes } from '../harness/cluster/simulated-nodes.ts';

// The real Karpenter with our NodePool. Only the machines are fakes: nodes are objects, and pods are processes.

const root = fileURLToPath(new URL('../..', import.meta.url));
const pool = `eks-jobs/pool=${namespace}`;

/** The CPU limit of the NodePool. */
const cpuLimit = 4;

/** Milliseconds. An empty node is removed after a minute (consolidateAfter) and some time that Karpenter needs. */
const nodeRemovalTimeout = 180_000;

/** How often the race between an empty node and new jobs is run. */
const rounds = Number(process.env['EKS_JOBS_EMPTY_NODE_ROUNDS'] ?? '5');

/** Milliseconds between the POST of a job and its end, even if Karpenter takes its node meanwhile. */
const jobPatience = 240_000;

let service: RunningService;
let nodes: SimulatedNodes;
const programs: { stop(): Promise<void> }[] = [];

const NodePool = z.looseObject({
  kind: z.literal('NodePool'),
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({ requirements: z.array(z.looseObject({ key: z.string() })) }),
    }),
  }),
});

/** Makes our NodePool with another node class, and without requirements on labels that only EC2 nodes have. */
function makeNodePool(): object {
  const { objects } = renderManifests(readManifests(), {
    namespace,
    nodeClass: 'bottlerocket',
    nodeRole: 'nodes',
    clusterName: 'cluster',
    bottlerocketVersion: 'v1.50.0',
    cpuLimit: String(cpuLimit),
  });
  const nodePool = NodePool.parse(objects.find(({ kind }) => kind === 'NodePool'));
  const { spec } = nodePool.spec.template;
  spec['nodeClassRef'] = { group: 'karpenter.kwok.sh', kind: 'KWOKNodeClass', name: 'default' };
  spec.requirements = spec.requirements.filter(({ key }) => !key.startsWith('karpenter.k8s.aws/'));
  return nodePool;
}

beforeAll(async () => {
  const configuration = new KubeConfig();
  configuration.loadFromDefault();
  nodes = new SimulatedNodes(configuration, await buildDataProcessor(root));
  await nodes.start();
  programs.push(startKwok(), await startKarpenter());
  await applyObjects(makeNodePool());
  await kubectl('wait', '--for=condition=Ready', `nodepool/${namespace}`, '--timeout=60s');
  service = await startService({ arguments: ['--node-selector', pool] });
}, 300_000);

afterAll(async () => {
  await service.stop();
  await kubectl('delete', 'nodepool', namespace, '--wait=false');
  await nodes.stop();
  for (const program of programs) await program.stop();
  // Karpenter is stopped, so its finalizers must be removed here.
  for (const object of (await kubectl('get', 'nodeclaims,nodes', '-l', pool, '-o', 'name')).split('\n')) {
    if (object === '') continue;
    await kubectl('patch', object, '--type=merge', '--patch', '{"metadata":{"finalizers":null}}');
    await kubectl('delete', object, '--ignore-not-found', '--wait=false');
  }
});

const synthetic = (input: object): object => ({ input: { source: 'synthetic', ...input } });
const slow = synthetic({ records: 600, recordsPerSecond: 100 });

/** Waits until a job reports progress. @returns the name of its pod's node. */
async function waitForNode(jobId: string): Promise<string> {
  return eventually(async () => {
    const { progress } = await service.job(jobId);
    if ((progress?.done ?? 0) === 0) return undefined;
    const selected = ['-n', namespace, '-l', `eks-jobs/job-id=${jobId}`];
    const nodes = await kubectl('get', 'pods', ...selected, '-o', 'jsonpath={.items[*].spec.nodeName}');
    return nodes === '' ? undefined : nodes;
  }, `job ${jobId} at work`);
}

/** Sums the allocatable CPUs of all nodes of the pool. */
async function allocatableCpus(): Promise<number> {
  const cpus = await kubectl('get', 'nodes', '-l', pool, '-o', 'jsonpath={.items[*].status.allocatable.cpu}');
  return cpus
    .split(' ')
    .filter(Boolean)
    .reduce((sum, cpu) => sum + (cpu.endsWith('m') ? Number(cpu.slice(0, -1)) / 1000 : Number(cpu)), 0);
}

const names = async (kind: string): Promise<string[]> =>
  (await kubectl('get', kind, '-l', pool, '-o', 'name')).split('\n').filter(Boolean);

const oneAttempt = { status: 'SUCCEEDED', attempts: [{ attempt: 0, status: 'SUCCEEDED' }] };

test('Karpenter adds a node of the pool for a job, and removes the empty node', async () => {
  const jobId = await service.post(slow);
  const name = await waitForNode(jobId);
  const template = 'jsonpath={.spec.taints[*].key}={.spec.taints[*].value}:{.spec.taints[*].effect}';
  expect(await kubectl('get', 'node', name, '-o', template)).toBe(`${pool}:NoSchedule`);
  expect(await names('nodes')).toContain(`node/${name}`);
  expect(await names('nodeclaims')).not.toEqual([]);
  expect(await service.ended(jobId)).toMatchObject(oneAttempt);
  await waitForCleanup(jobId);
  await eventually(
    async () => [...(await names('nodes')), ...(await names('nodeclaims'))].length === 0 || undefined,
    'no node left',
    nodeRemovalTimeout,
  );
}, 300_000);

test('the pool’s limit holds for 100 jobs at once, and all of them finish', async () => {
  const before = await service.stats();
  const jobs = await Promise.all(Array.from({ length: 100 }, () => service.post(synthetic({ records: 10 }))));
  let maxCpus = 0;
  await eventually(
    async () => {
      maxCpus = Math.max(maxCpus, await allocatableCpus());
      return (await service.stats()).jobs.succeeded === before.jobs.succeeded + jobs.length || undefined;
    },
    'a hundred jobs done',
    nodeRemovalTimeout,
  );
  expect(maxCpus).toBeGreaterThan(0);
  expect(maxCpus).toBeLessThanOrEqual(cpuLimit);
  expect(await service.stats()).toMatchObject({
    succeedJob: before.succeedJob + jobs.length,
    jobRetry: before.jobRetry,
    failedJob: before.failedJob,
  });
}, 300_000);

// As in a spot interruption without warning: the machine is gone, then the cloud's controller removes the node.
test('a lost machine is replaced, and its job continues in the same attempt', async () => {
  const jobId = await service.post(slow);
  const name = await waitForNode(jobId);
  await nodes.lose(name);
  expect(containersOf(jobId)).toEqual([]);
  const replacement = await eventually(
    async () => {
      const next = await waitForNode(jobId);
      return next === name ? undefined : next;
    },
    'the replacement',
    nodeRemovalTimeout,
  );
  expect(await names('nodes')).toContain(`node/${replacement}`);
  expect(await service.ended(jobId)).toMatchObject(oneAttempt);
}, 300_000);

// do-not-disrupt: Karpenter may replace a node (drift, expiry, a new release), but not while it runs a job.
test('a node that is being removed waits until its job has finished', async () => {
  const jobId = await service.post(synthetic({ records: 1500, recordsPerSecond: 100 }));
  const name = await waitForNode(jobId);
  const [pid] = containersOf(jobId);
  await kubectl('delete', 'nodeclaims', '-l', pool, '--wait=false');
  await eventually(
    async () =>
      (await kubectl('get', 'node', name, '-o', 'jsonpath={.metadata.deletionTimestamp}')) || undefined,
    'the deletion of the node',
  );
  // The same process still runs; it was not replaced.
  expect(containersOf(jobId)).toEqual([pid]);
  expect(await service.ended(jobId)).toMatchObject({ ...oneAttempt, result: { records: 1500 } });
  await eventually(
    async () => !(await names('nodes')).includes(`node/${name}`) || undefined,
    'the removal of the node',
    nodeRemovalTimeout,
  );
}, 300_000);

// Karpenter decides within 10 s that a node is empty, looks again 15 s later, and then taints it (kubernetes-sigs/karpenter#3185: a
// node that filled meanwhile was taken). The jobs of each round arrive at another moment around the taint. With 10 s instead of
// our 60 s a round takes less time; what is raced is the same.
test(
  'jobs that arrive while Karpenter takes an empty node succeed in their first attempt',
  async () => {
    const pace = { spec: { disruption: { consolidateAfter: '10s' } } };
    await kubectl('patch', 'nodepool', namespace, '--type=merge', '--patch', JSON.stringify(pace));
    const before = await service.stats();
    for (let round = 0; round < rounds; round += 1) {
      await service.ended(await service.post(synthetic({ records: 10 })), jobPatience);
      const condition = 'jsonpath={.items[*].status.conditions[?(@.type=="Consolidatable")].status}';
      await eventually(
        async () =>
          (await kubectl('get', 'nodeclaims', '-l', pool, '-o', condition)).includes('True') || undefined,
        'a node that has been empty for consolidateAfter',
        nodeRemovalTimeout,
      );
      await wait(12_000 + ((round * 3700) % 15_000));
      const jobs = await Promise.all(Array.from({ length: 8 }, () => service.post(slow)));
      for (const jobId of jobs) expect(await service.ended(jobId, jobPatience)).toMatchObject(oneAttempt);
    }
    expect(await service.stats()).toMatchObject({
      succeedJob: before.succeedJob + 9 * rounds,
      jobRetry: before.jobRetry,
      failedJob: before.failedJob,
    });
  },
  rounds * 600_000,
);
