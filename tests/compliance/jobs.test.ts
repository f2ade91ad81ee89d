import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { GetExecutionHistoryCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Stats } from '../../api/responses/service.ts';
import { eventually, type RunningService } from '../harness/running-service.ts';
import { countedBetween } from '../harness/counted.ts';
import { containersOf, startTwin } from './containers.ts';
import { nothingLeft, place, startService } from './place.ts';

// The same jobs end in the same way wherever they run: what was tried on one machine is what a cluster does.

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

/** Some seconds of work: time enough to disturb it. */
const slow = { records: 400, recordsPerSecond: 100 };

/** How often the state machine handed a Job to the cluster. */
async function submitted(jobId: string): Promise<number> {
  const executionArn = executionOf(jobId);
  const { events = [] } = await stepFunctions.send(new GetExecutionHistoryCommand({ executionArn }));
  return events.filter(({ type }) => type === 'TaskSubmitted').length;
}

/** The one container of a running job. */
const containerOf = (jobId: string): Promise<number> =>
  eventually(async () => {
    const { status, progress } = await service.job(jobId);
    return status === 'RUNNING' && (progress?.done ?? 0) > 0 ? containersOf(jobId)[0] : undefined;
  }, `a container at work for job ${jobId}`);

/** Runs something; @returns what it added to the counters. */
async function counted(work: () => Promise<void>): Promise<Stats> {
  const before = await service.stats();
  await work();
  return countedBetween(before, await service.stats());
}

const none = { succeeded: 0, failed: 0, cancelled: 0, timedOut: 0 };

describe(`a job that runs as ${place === 'process' ? 'a process' : 'a pod'}`, () => {
  // Each row: why it is here, the job, how it ends, what is counted, how many Jobs there were.
  test.each([
    {
      why: 'the plain case: one Job, one attempt',
      job: synthetic({ records: 10 }),
      ends: { status: 'SUCCEEDED', result: { records: 10 }, attempts: ['SUCCEEDED'] },
      counts: { succeedJob: 1, jobRetry: 0, failedJob: 0, jobs: { ...none, succeeded: 1 } },
      jobs: 1,
    },
    {
      why: 'a failed try must reach the state machine as a failed Job, or nothing is retried',
      job: synthetic({ failAttempts: 1 }),
      ends: { status: 'SUCCEEDED', attempts: ['FAILED', 'SUCCEEDED'] },
      counts: { succeedJob: 1, jobRetry: 1, failedJob: 1, jobs: { ...none, succeeded: 1 } },
      jobs: 2,
    },
    {
      why: 'three tries and no more',
      job: synthetic({ failAttempts: 9 }),
      ends: { status: 'FAILED', attempts: ['FAILED', 'FAILED', 'FAILED'] },
      counts: { succeedJob: 0, jobRetry: 2, failedJob: 3, jobs: { ...none, failed: 1 } },
      jobs: 3,
    },
    {
      why: 'what no try can mend must stop the retries',
      job: { input: { source: 'nowhere' } },
      ends: { status: 'FAILED', error: { code: 'InvalidInput' }, attempts: ['FAILED'] },
      counts: { succeedJob: 0, jobRetry: 0, failedJob: 1, jobs: { ...none, failed: 1 } },
      jobs: 1,
    },
    {
      why: 'fewer tries than the machine has',
      job: { ...synthetic({ failAttempts: 9 }), maxAttempts: 2 },
      ends: { status: 'FAILED', attempts: ['FAILED', 'FAILED'] },
      counts: { succeedJob: 0, jobRetry: 1, failedJob: 2, jobs: { ...none, failed: 1 } },
      jobs: 2,
    },
    {
      why: 'the program keeps its own time limit, whatever the Job’s deadline is',
      job: { ...synthetic({ records: 9000, recordsPerSecond: 100 }), timeoutSeconds: 1, maxAttempts: 1 },
      ends: { status: 'TIMED_OUT', error: { code: 'RunTimedOut' }, attempts: ['FAILED'] },
      counts: { succeedJob: 0, jobRetry: 0, failedJob: 1, jobs: { ...none, timedOut: 1 } },
      jobs: 1,
    },
  ])('$why', async ({ job, ends: { attempts, ...ends }, counts, jobs }) => {
    let jobId = '';
    const added = await counted(async () => {
      jobId = await service.post(job);
      const ended = await service.ended(jobId);
      expect(ended).toMatchObject(ends);
      expect(ended.attempts.map(({ status }) => status)).toEqual(attempts);
    });
    expect(added).toEqual(counts);
    await nothingLeft(jobId);
    expect(await submitted(jobId)).toBe(jobs);
  });

  test('stopped in the console: its container ends, and the attempt counts as no failure', async () => {
    const added = await counted(async () => {
      const jobId = await service.post(synthetic({ ...slow, records: 100_000 }));
      await containerOf(jobId);
      await stepFunctions.send(new StopExecutionCommand({ executionArn: executionOf(jobId) }));
      expect(await service.ended(jobId)).toMatchObject({
        status: 'CANCELLED',
        attempts: [{ status: 'CANCELLED' }],
      });
      await nothingLeft(jobId);
    });
    expect(added).toEqual({ succeedJob: 0, jobRetry: 0, failedJob: 0, jobs: { ...none, cancelled: 1 } });
  });

  test('whose container is killed without a word: that try is lost and counted, the next one succeeds', async () => {
    const added = await counted(async () => {
      const jobId = await service.post(synthetic(slow));
      process.kill(await containerOf(jobId), 'SIGKILL');
      const job = await service.ended(jobId);
      expect(job.status).toBe('SUCCEEDED');
      expect(job.attempts.map(({ status, error }) => error?.code ?? status)).toEqual([
        'AttemptLost',
        'SUCCEEDED',
      ]);
      await nothingLeft(jobId);
    });
    expect(added).toEqual({ succeedJob: 1, jobRetry: 1, failedJob: 1, jobs: { ...none, succeeded: 1 } });
  });

  // Kubernetes may start the same program twice even with completions 1 (its Job page says so).
  test('whose program is started twice: one of them does the work, and it counts once', async () => {
    const added = await counted(async () => {
      const jobId = await service.post(synthetic(slow));
      await containerOf(jobId);
      const twin = await startTwin(service, jobId);
      const ended = once(twin, 'exit');
      expect(await service.ended(jobId)).toMatchObject({
        status: 'SUCCEEDED',
        result: { records: slow.records },
        attempts: [{ status: 'SUCCEEDED', attempt: 0 }],
      });
      await ended;
      await nothingLeft(jobId);
      expect(await submitted(jobId)).toBe(1);
    });
    expect(added).toEqual({ succeedJob: 1, jobRetry: 0, failedJob: 0, jobs: { ...none, succeeded: 1 } });
  });

  test('twenty at once: each ends once, whatever waits for a place', async () => {
    const added = await counted(async () => {
      const posts = Array.from({ length: 20 }, (_, index) =>
        service.post(synthetic({ records: 10, failAttempts: index % 4 === 0 ? 1 : 0 })),
      );
      for (const jobId of await Promise.all(posts)) {
        expect(await service.ended(jobId)).toMatchObject({ status: 'SUCCEEDED' });
      }
    });
    expect(added).toEqual({ succeedJob: 20, jobRetry: 5, failedJob: 5, jobs: { ...none, succeeded: 20 } });
  });
});
