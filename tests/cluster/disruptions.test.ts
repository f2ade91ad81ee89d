import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubeConfig } from '@kubernetes/client-node';
import { buildDataProcessor } from '../../image/cargo.ts';
import { eventually, type RunningService } from '../harness/running-service.ts';
import { containersOf } from '../compliance/containers.ts';
import { startService, waitForCleanup } from '../compliance/job-runner.ts';
import { startKwok } from '../harness/cluster/karpenter.ts';
import { kubectl } from '../harness/cluster/kubectl.ts';
import { evict, podsOf } from '../harness/cluster/pods.ts';
import { namespace } from '../harness/cluster/service.ts';
import { SimulatedNodes } from '../harness/cluster/simulated-nodes.ts';

// Disruptions that only a cluster can cause. After each of them the job has ended once, every attempt is counted once,
// and its Jobs and pods are gone.

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = process.env['CLUSTER_DIRECTORY'] ?? '';

const synthetic = (input: object): object => ({ input: { source: 'synthetic', ...input } });

/** Takes some seconds, so that a test can disturb the job while it runs. */
const slow = synthetic({ records: 600, recordsPerSecond: 100 });

const label = (jobId: string): string => `eks-jobs/job-id=${jobId}`;

async function waitUntilWorking(service: RunningService, jobId: string): Promise<void> {
  await eventually(async () => {
    const { status, progress } = await service.job(jobId);
    return (status === 'RUNNING' && (progress?.done ?? 0) > 0) || undefined;
  }, `job ${jobId} at work`);
}

/** A job that was disturbed and succeeded: it has one attempt, however many pods it needed. */
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

  /** Kills a component of the cluster; the supervisor restarts it. */
  const killComponent = (component: string): void => {
    process.kill(Number(readFileSync(join(directory, 'pid', component), 'utf8')), 'SIGKILL');
  };

  /** Runs a job, disturbs it, and expects that it succeeds in one attempt. */
  async function expectOneAttemptDespite(disturb: (jobId: string) => Promise<void> | void): Promise<void> {
    const before = await service.stats();
    const jobId = await service.post(slow);
    await waitUntilWorking(service, jobId);
    await disturb(jobId);
    expect(await service.ended(jobId)).toMatchObject(oneAttempt);
    await waitForCleanup(jobId);
    expect(await service.stats()).toMatchObject(
      counts(before.succeedJob + 1, before.jobRetry, before.failedJob),
    );
  }

  test('whose pod is evicted continues in another pod, in the same attempt', async () => {
    await expectOneAttemptDespite(async (jobId) => {
      const [pod = ''] = await podsOf(jobId);
      await evict(pod);
    });
  });

  // A watch that broke must not look like a Job that ended, and must not create the Job again.
  test('survives a restart of the API server', async () => {
    await expectOneAttemptDespite(() => {
      killComponent('kube-apiserver');
    });
  });

  test('survives a restart of the kubelet', async () => {
    await expectOneAttemptDespite(() => {
      killComponent('kubelet');
    });
  });

  test('survives a restart of the controller manager and the scheduler', async () => {
    await expectOneAttemptDespite(() => {
      killComponent('kube-controller-manager');
      killComponent('kube-scheduler');
    });
  });

  test('that exceeds its memory limit is killed in every try, and three failures are counted', async () => {
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

  test('has neither a token nor privileges on its node', async () => {
    const jobId = await service.post(slow);
    await waitUntilWorking(service, jobId);
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

describe('a job whose pod cannot start', () => {
  const nodeLabel = 'test/place';
  const image = 'eks-jobs.local/data-processor:removed';
  const ctr = ['--address', join(directory, 'containerd.sock'), '--namespace', 'k8s.io', 'images'];
  const services: RunningService[] = [];
  const jobs = { waiting: '', withoutNode: '', withoutImage: '' };
  /** Milliseconds for three tries, each of which the cluster ends after a minute, and the delays between them. */
  const threeDeadlines = 300_000;

  async function start(...extraArguments: string[]): Promise<RunningService> {
    const service = await startService({ arguments: ['--queue-seconds', '60', ...extraArguments] });
    services.push(service);
    return service;
  }

  // All jobs start together, because each deadline is a minute. The label and the image are removed after the services
  // have started, because a service checks them at its start.
  beforeAll(async () => {
    await kubectl('label', 'node', 'node1', `${nodeLabel}=free`);
    execFileSync('ctr', [...ctr, 'tag', 'eks-jobs.local/data-processor:local', image]);
    const serviceWithSelector = await start('--node-selector', `${nodeLabel}=free`);
    const serviceWithImage = await start('--image', image);
    await kubectl('label', 'node', 'node1', `${nodeLabel}-`);
    execFileSync('ctr', [...ctr, 'remove', image]);
    jobs.waiting = await serviceWithSelector.post(slow);
    jobs.withoutImage = await serviceWithImage.post({ ...synthetic({ records: 0 }), timeoutSeconds: 1 });
  });
  afterAll(async () => {
    for (const service of services) await service.stop();
  });

  test('waits for a node, and runs in its first attempt as soon as there is one', async () => {
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
    await kubectl('label', 'node', 'node1', `${nodeLabel}=free`);
    expect(await service?.ended(waiting)).toMatchObject(oneAttempt);
    await waitForCleanup(waiting);
    await kubectl('label', 'node', 'node1', `${nodeLabel}-`);
    jobs.withoutNode = (await service?.post({ ...synthetic({ records: 0 }), timeoutSeconds: 1 })) ?? '';
  });

  // The Job's deadline ends a try whose container never started. The try is counted as failed.
  test.each(['withoutImage', 'withoutNode'] as const)(
    'fails after three tries that end at the deadline: %s',
    async (which) => {
      const service = services[which === 'withoutNode' ? 0 : 1];
      const job = await service?.ended(jobs[which], threeDeadlines);
      expect(job?.status).toBe('FAILED');
      expect(job?.error?.message).toContain('DeadlineExceeded');
      expect(job?.attempts.map(({ status }) => status)).toEqual(['FAILED', 'FAILED', 'FAILED']);
      await waitForCleanup(jobs[which]);
      expect(await service?.stats()).toMatchObject(counts(which === 'withoutNode' ? 1 : 0, 2, 3));
    },
    threeDeadlines + 60_000,
  );
});

describe('a job whose node is lost', () => {
  let service: RunningService;
  let nodes: SimulatedNodes;
  let kwok: ReturnType<typeof startKwok>;
  const nodeSelector = 'test/simulated=yes';
  const labels = { 'test/simulated': 'yes' };
  /** Milliseconds. Kubernetes checks every 20 s, and removes the pods of a deleted node after 40 s. */
  const podRemovalTimeout = 180_000;

  beforeAll(async () => {
    const configuration = new KubeConfig();
    configuration.loadFromDefault();
    nodes = new SimulatedNodes(configuration, await buildDataProcessor(root));
    kwok = startKwok();
    await nodes.start();
    await nodes.add('lost', '2', labels);
    service = await startService({ arguments: ['--node-selector', nodeSelector] });
  });
  afterAll(async () => {
    await service.stop();
    await nodes.stop();
    await kwok.stop();
    await kubectl('delete', 'nodes', '-l', nodeSelector, '--wait=false');
  });

  test('continues on another node as soon as there is one, in the same attempt', async () => {
    const jobId = await service.post(slow);
    await waitUntilWorking(service, jobId);
    await nodes.lose('lost');
    expect(containersOf(jobId)).toEqual([]);
    await nodes.add('next', '2', labels);
    expect(await service.ended(jobId, podRemovalTimeout)).toMatchObject(oneAttempt);
    await waitForCleanup(jobId);
    expect(await service.stats()).toMatchObject(counts(1, 0, 0));
  }, 300_000);
});
