import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { GetExecutionHistoryCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Stats } from '../../api/responses/service.ts';
import { eventually, type RunningService } from '../harness/running-service.ts';
import { countedBetween } from '../harness/counted.ts';
import { containersOf, startSecondContainer } from './containers.ts';
import { jobRunnerKind, startService, waitForCleanup } from './job-runner.ts';

// The same jobs end in the same way as processes and as pods, so a result on one machine also holds in a cluster.

let service: RunningService;
let stepFunctions: SFNClient;

beforeAll(async () => {
  service = await startService();
  stepFunctions = new SFNClient({
    endpoint: service.stepFunctionsUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});

afterAll(async () => {
  stepFunctions.destroy();
  await service.stop();
});

const executionOf = (jobId: string): string =>
  `arn:aws:states:us-east-1:000000000000:execution:eks-jobs-local-run-job:${jobId}`;

const synthetic = (input: object): object => ({ input: { source: 'synthetic', records: 0, ...input } });

/** Takes some seconds, so that a test can disturb the job while it runs. */
const slow = { records: 400, recordsPerSecond: 100 };

/** Counts how many Jobs the state machine submitted to the cluster. */
async function countSubmittedJobs(jobId: string): Promise<number> {
  const executionArn = executionOf(jobId);
  const { events = [] } = await stepFunctions.send(new GetExecutionHistoryCommand({ executionArn }));
  return events.filter(({ type }) => type === 'TaskSubmitted').length;
}

/** Waits until a job is running. @returns the process id of its container. */
const waitForContainer = (jobId: string): Promise<number> =>
  eventually(async () => {
    const { status, progress } = await service.job(jobId);
    return status === 'RUNNING' && (progress?.done ?? 0) > 0 ? containersOf(jobId)[0] : undefined;
  }, `a running container of job ${jobId}`);

/** Runs a function. @returns what it added to the counters. */
async function countDuring(work: () => Promise<void>): Promise<Stats> {
  const before = await service.stats();
  await work();
  return countedBetween(before, await service.stats());
}

const noJobs = { succeeded: 0, failed: 0, cancelled: 0, timedOut: 0 };

describe(`a job that runs as ${jobRunnerKind === 'process' ? 'a process' : 'a pod'}`, () => {
  // Each row: the reason for the case, the job, how it ends, what is counted, and the number of Jobs.
  test.each([
    {
      why: 'succeeds with one Job and one attempt',
      job: synthetic({ records: 10 }),
      ends: { status: 'SUCCEEDED', result: { records: 10 }, attempts: ['SUCCEEDED'] },
      counts: { succeedJob: 1, jobRetry: 0, failedJob: 0, jobs: { ...noJobs, succeeded: 1 } },
      jobs: 1,
    },
    {
      why: 'that fails once is retried, because the state machine sees a failed Job',
      job: synthetic({ failAttempts: 1 }),
      ends: { status: 'SUCCEEDED', attempts: ['FAILED', 'SUCCEEDED'] },
      counts: { succeedJob: 1, jobRetry: 1, failedJob: 1, jobs: { ...noJobs, succeeded: 1 } },
      jobs: 2,
    },
    {
      why: 'that always fails gets three tries',
      job: synthetic({ failAttempts: 9 }),
      ends: { status: 'FAILED', attempts: ['FAILED', 'FAILED', 'FAILED'] },
      counts: { succeedJob: 0, jobRetry: 2, failedJob: 3, jobs: { ...noJobs, failed: 1 } },
      jobs: 3,
    },
    {
      why: 'with invalid input is not retried, because a retry cannot help',
      job: { input: { source: 'nowhere' } },
      ends: { status: 'FAILED', error: { code: 'InvalidInput' }, attempts: ['FAILED'] },
      counts: { succeedJob: 0, jobRetry: 0, failedJob: 1, jobs: { ...noJobs, failed: 1 } },
      jobs: 1,
    },
    {
      why: 'with maxAttempts 2 gets two tries, although the state machine allows three',
      job: { ...synthetic({ failAttempts: 9 }), maxAttempts: 2 },
      ends: { status: 'FAILED', attempts: ['FAILED', 'FAILED'] },
      counts: { succeedJob: 0, jobRetry: 1, failedJob: 2, jobs: { ...noJobs, failed: 1 } },
      jobs: 2,
    },
    {
      why: 'ends at its own time limit, which the program enforces before the Job’s deadline',
      job: { ...synthetic({ records: 9000, recordsPerSecond: 100 }), timeoutSeconds: 1, maxAttempts: 1 },
      ends: { status: 'TIMED_OUT', error: { code: 'RunTimedOut' }, attempts: ['FAILED'] },
      counts: { succeedJob: 0, jobRetry: 0, failedJob: 1, jobs: { ...noJobs, timedOut: 1 } },
      jobs: 1,
    },
  ])('$why', async ({ job, ends: { attempts, ...ends }, counts, jobs }) => {
    let jobId = '';
    const added = await countDuring(async () => {
      jobId = await service.post(job);
      const ended = await service.ended(jobId);
      expect(ended).toMatchObject(ends);
      expect(ended.attempts.map(({ status }) => status)).toEqual(attempts);
    });
    expect(added).toEqual(counts);
    await waitForCleanup(jobId);
    expect(await countSubmittedJobs(jobId)).toBe(jobs);
  });

  test('that is stopped in the console: its container ends, and its attempt is not counted as failed', async () => {
    const added = await countDuring(async () => {
      const jobId = await service.post(synthetic({ ...slow, records: 100_000 }));
      await waitForContainer(jobId);
      await stepFunctions.send(new StopExecutionCommand({ executionArn: executionOf(jobId) }));
      expect(await service.ended(jobId)).toMatchObject({
        status: 'CANCELLED',
        attempts: [{ status: 'CANCELLED' }],
      });
      await waitForCleanup(jobId);
    });
    expect(added).toEqual({ succeedJob: 0, jobRetry: 0, failedJob: 0, jobs: { ...noJobs, cancelled: 1 } });
  });

  test('whose container is killed: the try is counted as a lost attempt, and the next one succeeds', async () => {
    const added = await countDuring(async () => {
      const jobId = await service.post(synthetic(slow));
      process.kill(await waitForContainer(jobId), 'SIGKILL');
      const job = await service.ended(jobId);
      expect(job.status).toBe('SUCCEEDED');
      expect(job.attempts.map(({ status, error }) => error?.code ?? status)).toEqual([
        'AttemptLost',
        'SUCCEEDED',
      ]);
      await waitForCleanup(jobId);
    });
    expect(added).toEqual({ succeedJob: 1, jobRetry: 1, failedJob: 1, jobs: { ...noJobs, succeeded: 1 } });
  });

  // Kubernetes can start the same program twice even with completions 1 (kubernetes.io, page "Jobs").
  test('whose program is started twice: one of the two does the work, and the job is counted once', async () => {
    const added = await countDuring(async () => {
      const jobId = await service.post(synthetic(slow));
      await waitForContainer(jobId);
      const second = await startSecondContainer(service, jobId);
      const ended = once(second, 'exit');
      expect(await service.ended(jobId)).toMatchObject({
        status: 'SUCCEEDED',
        result: { records: slow.records },
        attempts: [{ status: 'SUCCEEDED', attempt: 0 }],
      });
      await ended;
      await waitForCleanup(jobId);
      expect(await countSubmittedJobs(jobId)).toBe(1);
    });
    expect(added).toEqual({ succeedJob: 1, jobRetry: 0, failedJob: 0, jobs: { ...noJobs, succeeded: 1 } });
  });

  test('together with nineteen others: each is counted once, also those that wait for a free slot', async () => {
    const added = await countDuring(async () => {
      const posts = Array.from({ length: 20 }, (_, index) =>
        service.post(synthetic({ records: 10, failAttempts: index % 4 === 0 ? 1 : 0 })),
      );
      for (const jobId of await Promise.all(posts)) {
        expect(await service.ended(jobId)).toMatchObject({ status: 'SUCCEEDED' });
      }
    });
    expect(added).toEqual({ succeedJob: 20, jobRetry: 5, failedJob: 5, jobs: { ...noJobs, succeeded: 20 } });
  });
});
