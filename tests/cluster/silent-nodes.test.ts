import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { KubeConfig } from '@kubernetes/client-node';
import type { JobView } from '../../api/responses/job.ts';
import { buildDataProcessor } from '../../image/cargo.ts';
import { containersOf } from '../compliance/containers.ts';
import { startService, waitForCleanup } from '../compliance/job-runner.ts';
import { identity } from '../harness/cluster/identities.ts';
import { startKwok } from '../harness/cluster/karpenter.ts';
import { kubectl } from '../harness/cluster/kubectl.ts';
import { evict, podsOf } from '../harness/cluster/pods.ts';
import { namespace } from '../harness/cluster/service.ts';
import { SimulatedNodes } from '../harness/cluster/simulated-nodes.ts';
import { eventually, type RunningService } from '../harness/running-service.ts';

// Pods that are gone without a successor for minutes: what a user sees meanwhile, and when the job continues. The service's own
// sweep, which runs every five minutes, does the repair, with the permissions that sweep has on EKS. The node becomes silent
// first: the other tests use the minutes that pass until the sweep.

const root = fileURLToPath(new URL('../..', import.meta.url));
const synthetic = (input: object): object => ({ input: { source: 'synthetic', ...input } });
const labels = { 'test/silent': 'yes' };
const nodeSelector = 'test/silent=yes';

/** In milliseconds. The promise is 15 minutes: unreachable and deleted after 110 s, a margin of 60 s, the next sweep. */
const continuesWithin = 15 * 60_000;

const oneAttempt = { status: 'SUCCEEDED', attempts: [{ attempt: 0, status: 'SUCCEEDED' }] };

/** Waits until a job has done more records than this; a pod that takes over begins with none. */
async function waitUntilWorking(service: RunningService, jobId: string): Promise<void> {
  await eventually(async () => {
    const { status, waitingReason, progress } = await service.job(jobId);
    return (status === 'RUNNING' && !waitingReason && (progress?.done ?? 0) > 0) || undefined;
  }, `job ${jobId} at work`);
}

/** Waits until a job shows this reason. @returns the job. */
const waitForReason = (
  service: RunningService,
  jobId: string,
  reason: string,
  patience?: number,
): Promise<JobView> =>
  eventually(
    async () => {
      const job = await service.job(jobId);
      return job.waitingReason?.reason === reason ? job : undefined;
    },
    `job ${jobId} shows ${reason}`,
    patience,
  );

let nodes: SimulatedNodes;
let kwok: ReturnType<typeof startKwok>;
let service: RunningService;
/** Its node hangs. */
let frozen: string;
/** Its node has only lost the API server. */
let working: string;
let frozenAt: number;
let containers: { frozen: number[]; working: number[] };

/** Posts a job while only this node accepts pods. */
async function postOn(node: string, job: object): Promise<string> {
  const jobId = await service.post(job);
  await waitUntilWorking(service, jobId);
  await kubectl('cordon', node);
  return jobId;
}

beforeAll(async () => {
  const configuration = new KubeConfig();
  configuration.loadFromDefault();
  nodes = new SimulatedNodes(configuration, await buildDataProcessor(root));
  kwok = startKwok();
  await nodes.start();
  // A service checks at its start that a pod can run.
  await nodes.add('working', '500m', labels);
  const groups = ['run-job', 'settle-job', 'sweep'].map((group) => `${namespace}:${group}`);
  const { kubeconfig } = identity('one-machine', ...groups);
  service = await startService({ arguments: ['--kubeconfig', kubeconfig, '--node-selector', nodeSelector] });
  working = await postOn('working', synthetic({ records: 1_000_000, recordsPerSecond: 100 }));
  await nodes.add('frozen', '500m', labels);
  frozen = await postOn('frozen', synthetic({ records: 600, recordsPerSecond: 100 }));
  containers = { frozen: containersOf(frozen), working: containersOf(working) };
  await Promise.all([nodes.silence('frozen', 'frozen'), nodes.silence('working', 'working')]);
  frozenAt = Date.now();
  await nodes.add('standby', '2', labels);
}, 300_000);

afterAll(async () => {
  await service.stop();
  await nodes.stop();
  await kwok.stop();
  await kubectl('delete', 'nodes', '-l', nodeSelector, '--wait=false');
});

describe('a job whose pod is evicted four times', () => {
  let other: RunningService;

  beforeAll(async () => {
    other = await startService();
  });
  afterAll(() => other.stop());

  // The Job controller waits longer each time, although it counts no failure (kubernetes/kubernetes#130881).
  test('shows each time why nothing happens, and succeeds in one attempt', async () => {
    const jobId = await other.post(synthetic({ records: 1000, recordsPerSecond: 100 }));
    const gaps: number[] = [];
    for (let eviction = 0; eviction < 4; eviction += 1) {
      await waitUntilWorking(other, jobId);
      const [pod = ''] = await podsOf(jobId);
      await evict(pod);
      const { status, waitingReason } = await waitForReason(other, jobId, 'Interrupted');
      const interruptedAt = Date.now();
      expect({ status, waitingReason }).toMatchObject({
        status: 'RUNNING',
        waitingReason: { message: expect.stringContaining('evicted') },
      });
      await eventually(
        async () => (await podsOf(jobId)).some((name) => name !== pod) || undefined,
        'another pod',
        180_000,
      );
      gaps.push(Math.round((Date.now() - interruptedAt) / 1000));
    }
    await waitUntilWorking(other, jobId);
    expect(await other.ended(jobId)).toMatchObject(oneAttempt);
    for (const [index, gap] of gaps.entries()) {
      const delay = 10 * 2 ** index;
      // Measured from outside, on a machine that may be busy.
      expect(gap).toBeGreaterThanOrEqual(delay / 2);
      expect(gap).toBeLessThanOrEqual(delay + 45);
    }
    await waitForCleanup(jobId);
    expect(await other.stats()).toMatchObject({ succeedJob: 1, jobRetry: 0, failedJob: 0 });
  }, 400_000);
});

// Kubernetes deletes the pod after 110 s, but the kubelet never confirms its end, and the Job waits for that confirmation
// (kubernetes/enhancements#6262).
describe('a job whose node hangs while its object stays', () => {
  test('shows that it has no heartbeat', async () => {
    expect(await waitForReason(service, frozen, 'NoHeartbeat')).toMatchObject({ status: 'RUNNING' });
  }, 120_000);

  test(
    'continues on another node within 15 minutes, in the same attempt',
    async () => {
      expect(await service.ended(frozen, continuesWithin - (Date.now() - frozenAt))).toMatchObject({
        ...oneAttempt,
        result: { records: 600 },
      });
      // The node's own object is still there, so nothing else has removed the pod.
      expect(await kubectl('get', 'node', 'frozen', '-o', 'name')).toContain('frozen');
      expect(await service.stats()).toMatchObject({ succeedJob: 1, jobRetry: 0, failedJob: 0 });
    },
    continuesWithin,
  );

  test('is not disturbed when the node continues later', async () => {
    const [pid = 0] = containers.frozen;
    process.kill(pid, 'SIGCONT');
    await waitForCleanup(frozen);
    expect(await service.job(frozen)).toMatchObject(oneAttempt);
    expect(await service.stats()).toMatchObject({ succeedJob: 1, jobRetry: 0, failedJob: 0 });
  }, 120_000);
});

describe('a job whose node has only lost the API server', () => {
  test('is left alone, because its heartbeats continue', async () => {
    const [pod = ''] = await podsOf(working);
    const deletion = 'jsonpath={.metadata.deletionTimestamp}';
    const deadline = Date.parse(await kubectl('get', 'pod', pod, '-n', namespace, '-o', deletion));
    // The sweep that released the other pod has seen this one.
    expect(Date.now() - deadline).toBeGreaterThan(60_000);
    expect(containersOf(working)).toEqual(containers.working);
    const { status, attempts, progress, waitingReason } = await service.job(working);
    expect({ status, waitingReason }).toEqual({ status: 'RUNNING' });
    expect(attempts).toMatchObject([{ attempt: 0, status: 'RUNNING' }]);
    // It has never begun again.
    expect(progress?.done).toBeGreaterThan(10_000);
    await service.request('DELETE', `/jobs/${working}`);
    expect(await service.ended(working)).toMatchObject({ status: 'CANCELLED' });
  }, 120_000);
});
