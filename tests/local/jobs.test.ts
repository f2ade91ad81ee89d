import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GetExecutionHistoryCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { eventually, RunningService } from '../harness/running-service.ts';

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start();
});

afterAll(() => service.stop());

const stepFunctions = (running: RunningService): SFNClient =>
  new SFNClient({
    endpoint: running.stepFunctionsUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });

const executionOf = (jobId: string): string =>
  `arn:aws:states:us-east-1:000000000000:execution:eks-jobs-local-run-job:${jobId}`;

const synthetic = (input: object): object => ({ input: { source: 'synthetic', records: 0, ...input } });

describe('a posted job', () => {
  test('runs the function and has its result', async () => {
    const job = await service.ended(await service.post());
    expect(job).toMatchObject({
      status: 'SUCCEEDED',
      progress: { done: 5000, total: 5000 },
      result: { records: 5000 },
      attempts: [{ attempt: 0, status: 'SUCCEEDED', records: 5000 }],
    });
    const { createdAt, startedAt = '', finishedAt = '' } = job;
    expect([createdAt, startedAt, finishedAt]).toEqual([createdAt, startedAt, finishedAt].sort());
    expect(job.attempts[0]?.log.map((line) => JSON.parse(line) as unknown)).not.toEqual([]);
  });

  test('that fails once succeeds on its second attempt', async () => {
    const job = await service.ended(await service.post(synthetic({ failAttempts: 1 })));
    expect(job).toMatchObject({
      status: 'SUCCEEDED',
      attempts: [
        { attempt: 0, status: 'FAILED', error: { code: 'SyntheticFailure' } },
        { attempt: 1, status: 'SUCCEEDED' },
      ],
    });
  });

  test('that requests fewer attempts does not get more', async () => {
    const job = await service.ended(
      await service.post({ ...synthetic({ failAttempts: 3 }), maxAttempts: 2 }),
    );
    expect(job.attempts.map(({ status }) => status)).toEqual(['FAILED', 'FAILED']);
    expect(job.status).toBe('FAILED');
  });

  test('with an invalid input fails at once and names the field', async () => {
    const job = await service.ended(await service.post({ input: { source: 'synthetic', records: 'many' } }));
    expect(job).toMatchObject({ status: 'FAILED', error: { code: 'InvalidInput' } });
    expect(job.error?.message).toContain('records');
    expect(job.attempts).toHaveLength(1);
  });

  test('that runs too long is TIMED_OUT', async () => {
    const slow = synthetic({ records: 1_000_000, recordsPerSecond: 10 });
    const job = await service.ended(await service.post({ ...slow, timeoutSeconds: 1, maxAttempts: 1 }));
    expect(job).toMatchObject({ status: 'TIMED_OUT', error: { code: 'RunTimedOut' } });
  });

  test('that reads a file fails without a data directory', async () => {
    const job = await service.ended(
      await service.post({ input: { source: 'file', path: 'a.csv', format: 'csv' } }),
    );
    expect(job.status).toBe('FAILED');
    expect(job.error?.message).toContain('data directory');
  });
});

describe('an execution that is stopped in the console', () => {
  test('cancels its job: the container ends, and the attempt does not count as a failure', async () => {
    const fresh = await RunningService.start();
    try {
      const jobId = await fresh.post(synthetic({ records: 1_000_000, recordsPerSecond: 100 }));
      await eventually(
        async () => (await fresh.job(jobId)).status === 'RUNNING' || undefined,
        'a running job',
      );
      const client = stepFunctions(fresh);
      await client.send(new StopExecutionCommand({ executionArn: executionOf(jobId) }));
      client.destroy();
      expect(await fresh.ended(jobId)).toMatchObject({
        status: 'CANCELLED',
        attempts: [{ status: 'CANCELLED' }],
      });
      expect(await fresh.stats()).toEqual({
        succeedJob: 0,
        jobRetry: 0,
        failedJob: 0,
        jobs: { succeeded: 0, failed: 0, cancelled: 1, timedOut: 0 },
      });
    } finally {
      await fresh.stop();
    }
  });
});

describe('the original’s example', () => {
  test('one job that succeeds and one whose three attempts fail read {"succeedJob":1,"jobRetry":2,"failedJob":3', async () => {
    const fresh = await RunningService.start();
    try {
      const [good, bad] = [await fresh.post(), await fresh.post(synthetic({ failAttempts: 3 }))];
      await fresh.ended(good);
      const job = await fresh.ended(bad);
      const text = await (await fetch(`${fresh.url}/jobs/stats`)).text();
      expect(text.startsWith('{"succeedJob":1,"jobRetry":2,"failedJob":3')).toBe(true);
      expect(JSON.parse(text)).toMatchObject({
        jobs: { succeeded: 1, failed: 1, cancelled: 0, timedOut: 0 },
      });
      expect(job.attempts.map(({ status }) => status)).toEqual(['FAILED', 'FAILED', 'FAILED']);
      // The state machine delays the retries: each begins only after it recorded the failure of the try before it.
      const client = stepFunctions(fresh);
      const executionArn = executionOf(bad);
      const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
      expect(events.filter(({ type }) => type === 'TaskSubmitted')).toHaveLength(3);
      client.destroy();
    } finally {
      await fresh.stop();
    }
  });
});
