import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { buildDataProcessor } from '../../local/build.ts';
import { eventually, type RunningService } from '../harness/running-service.ts';
import { containersOf } from '../compliance/containers.ts';
import { startService, waitForCleanup } from '../compliance/job-runner.ts';
import { startKwok } from '../harness/cluster/karpenter.ts';
import { kubectl } from '../harness/cluster/kubectl.ts';
import { namespace } from '../harness/cluster/service.ts';
import { SimulatedNodes } from '../harness/cluster/simulated-nodes.ts';

// What only a cluster can do to a job. Whatever it is, the job ends once, every attempt is counted once, and no Job or
// pod is left.

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = process.env['CLUSTER_DIRECTORY'] ?? '';

const synthetic = (input: object): object => ({ input: { source: 'synthetic', ...input } });

/** Some seconds of work: time enough to disturb it. */
const slow = synthetic({ records: 600, recordsPerSecond: 100 });

const label = (jobId: string): string => `eks-jobs/job-id=${jobId}`;

async function podOf(jobId: string): Promise<string> {
  const names = await kubectl('get', 'pods', '-n', namespace, '-l', label(jobId), '-o', 'name');
  return names.trim().replace('pod/', '');
}

async function atWork(service: RunningService, jobId: string): Promise<void> {
  await eventually(async () => {
    const { status, progress } = await service.job(jobId);
    return (status === 'RUNNING' && (progress?.done ?? 0) > 0) || undefined;
  }, `job ${jobId} at work`);
}

/** A job that was disturbed but not failed: one attempt, however many pods it took. */
const oneAttempt = {
  status: 'SUCCEEDED',
  result: { records: 600 },
  attempts: [{ attempt: 0, status: 'SUCCEEDED' }],
};

const counts = (succeedJob: number, jobRetry: number, failedJob: number): object => ({
  succeedJob,
  jobRetry,
  failedJob,
});

describe('a running job', () => {
  let service: RunningService;

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  /** Kills a component of the cluster, which comes back by itself. */
  const kill = (component: string): void => {
    process.kill(Number(readFileSync(join(directory, 'pid', component), 'utf8')), 'SIGKILL');
  };

  async function undisturbed(disturb: (jobId: string) => Promise<void> | void): Promise<void> {
    const before = await service.stats();
    const jobId = await service.post(slow);
    await atWork(service, jobId);
    await disturb(jobId);
    expect(await service.ended(jobId)).toMatchObject(oneAttempt);
    await waitForCleanup(jobId);
    expect(await service.stats()).toMatchObject(
      counts(before.succeedJob + 1, before.jobRetry, before.failedJob),
    );
  }

  test('whose pod is evicted goes on in another, inside the same attempt', async () => {
    await undisturbed(async (jobId) => {
      const pod = await podOf(jobId);
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } };
      const configuration = new KubeConfig();
      configuration.loadFromDefault();
      const core = configuration.makeApiClient(CoreV1Api);
      await core.createNamespacedPodEviction({ name: pod, namespace, body: eviction });
    });
  });

  // A watch that broke must not look like a Job that ended, nor be asked a second time for the same Job.
  test('outlives a restart of the API server', async () => {
    await undisturbed(() => {
      kill('kube-apiserver');
    });
  });

  test('outlives a restart of the kubelet', async () => {
    await undisturbed(() => {
      kill('kubelet');
    });
  });

  test('outlives a restart of the controller manager and the scheduler', async () => {
    await undisturbed(() => {
      kill('kube-controller-manager');
      kill('kube-scheduler');
    });
  });

  test('that needs more memory than its limit is killed each time, and counts three failures', async () => {
    const before = await service.stats();
    const jobId = await service.post(synthetic({ records: 0, memoryMebibytes: 1024 }));
    const job = await service.ended(jobId);
    expect(job).toMatchObject({ status: 'FAILED', error: { code: 'AttemptLost' } });
    expect(job.attempts).toHaveLength(3);
    await waitForCleanup(jobId);
    expect(await service.stats()).toMatchObject(
      counts(before.succeedJob, before.jobRetry + 2, before.failedJob + 3),
    );
  });

  test('holds neither a token nor rights on its node', async () => {
    const jobId = await service.post(slow);
    await atWork(service, jobId);
    const [pid = 0] = containersOf(jobId);
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
    expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m);
    expect(status).toMatch(/^Gid:\t65532\t65532\t65532\t65532$/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    expect(mounts).not.toContain('serviceaccount');
    expect(mounts.split('\n').find((line) => line.split(' ')[4] === '/')).toMatch(/ ro,/);
    await service.ended(jobId);
  });
});

describe('a job that finds no place', () => {
  const place = 'test/place';
  const image = 'eks-jobs.local/data-processor:removed';
  const ctr = ['--address', join(directory, 'containerd.sock'), '--namespace', 'k8s.io', 'images'];
  const services: RunningService[] = [];
  const jobs = { waiting: '', hopeless: '', imageless: '' };
  /** Three tries, each ended by the cluster a minute after it began, and the delays between them: milliseconds. */
  const threeDeadlines = 300_000;

  async function start(...more: string[]): Promise<RunningService> {
    const service = await startService({ arguments: ['--queue-seconds', '60', ...more] });
    services.push(service);
    return service;
  }

  // All begin at once: each deadline is a minute. What is missing goes after the service has found it at its start.
  beforeAll(async () => {
    await kubectl('label', 'node', 'node1', `${place}=free`);
    execFileSync('ctr', [...ctr, 'tag', 'eks-jobs.local/data-processor:local', image]);
    const choosy = await start('--node-selector', `${place}=free`);
    const imageless = await start('--image', image);
    await kubectl('label', 'node', 'node1', `${place}-`);
    execFileSync('ctr', [...ctr, 'remove', image]);
    jobs.waiting = await choosy.post(slow);
    jobs.imageless = await imageless.post({ ...synthetic({ records: 0 }), timeoutSeconds: 1 });
  });
  afterAll(async () => {
    for (const service of services) await service.stop();
  });

  test('waits, and runs in its first attempt once there is one', async () => {
    const [service] = services;
    const { waiting } = jobs;
    const reason = 'jsonpath={.items[*].status.conditions[?(@.type=="PodScheduled")].reason}';
    await eventually(
      async () =>
        (await kubectl('get', 'pods', '-n', namespace, '-l', label(waiting), '-o', reason)) ===
          'Unschedulable' || undefined,
      'an unschedulable pod',
    );
    expect(await service?.job(waiting)).toMatchObject({ status: 'QUEUED', attempts: [] });
    await kubectl('label', 'node', 'node1', `${place}=free`);
    expect(await service?.ended(waiting)).toMatchObject(oneAttempt);
    await waitForCleanup(waiting);
    await kubectl('label', 'node', 'node1', `${place}-`);
    jobs.hopeless = (await service?.post({ ...synthetic({ records: 0 }), timeoutSeconds: 1 })) ?? '';
  });

  // The deadline of the Job ends a try that never began; it counts as a failed one.
  test.each(['imageless', 'hopeless'] as const)(
    'for ever ends at its deadline, three times, and fails: %s',
    async (which) => {
      const service = services[which === 'hopeless' ? 0 : 1];
      const job = await service?.ended(jobs[which], threeDeadlines);
      expect(job?.status).toBe('FAILED');
      expect(job?.error?.message).toContain('DeadlineExceeded');
      expect(job?.attempts.map(({ status }) => status)).toEqual(['FAILED', 'FAILED', 'FAILED']);
      await waitForCleanup(jobs[which]);
      expect(await service?.stats()).toMatchObject(counts(which === 'hopeless' ? 1 : 0, 2, 3));
    },
    threeDeadlines + 60_000,
  );
});

describe('a job whose node is lost', () => {
  let service: RunningService;
  let nodes: SimulatedNodes;
  let kwok: ReturnType<typeof startKwok>;
  const place = 'test/simulated=yes';
  const labels = { 'test/simulated': 'yes' };
  /** Kubernetes removes the pods of a node that is no more after 40 s, and looks every 20; milliseconds. */
  const untilPodsGo = 180_000;

  beforeAll(async () => {
    const configuration = new KubeConfig();
    configuration.loadFromDefault();
    nodes = new SimulatedNodes(configuration, await buildDataProcessor(root));
    kwok = startKwok();
    await nodes.start();
    await nodes.add('lost', '2', labels);
    service = await startService({ arguments: ['--node-selector', place] });
  });
  afterAll(async () => {
    await service.stop();
    await nodes.stop();
    await kwok.stop();
    await kubectl('delete', 'nodes', '-l', place, '--wait=false');
  });

  test('goes on where another node comes, inside the same attempt', async () => {
    const jobId = await service.post(slow);
    await atWork(service, jobId);
    await nodes.lose('lost');
    expect(containersOf(jobId)).toEqual([]);
    await nodes.add('next', '2', labels);
    expect(await service.ended(jobId, untilPodsGo)).toMatchObject(oneAttempt);
    await waitForCleanup(jobId);
    expect(await service.stats()).toMatchObject(counts(1, 0, 0));
  }, 300_000);
});
