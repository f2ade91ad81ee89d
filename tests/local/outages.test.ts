import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TaskFailure } from '../../local/aws/step-functions/index.ts';
import { Machine } from '../harness/container/machine.ts';
import { type Faults, OutageWorkflow } from '../harness/container/outage-workflow.ts';
import { freePorts } from '../harness/running-service.ts';

// An outage delays jobs. It does not end them, and it uses up no attempt.

let machine: Machine;

beforeAll(async () => {
  machine = await Machine.start(await freePorts());
}, 600_000);

afterAll(() => machine.stop());

/** Runs jobs during an outage. @returns how they ended, what the counters gained, and the names of their Jobs. */
async function runDuring(faults: Faults, count: number) {
  const before = await machine.stats();
  const workflow = new OutageWorkflow(machine, faults);
  const jobIds = await workflow.run(count);
  workflow.close();
  const records = await Promise.all(jobIds.map((jobId) => machine.record(jobId)));
  const after = await machine.stats();
  const gained = {
    succeedJob: after.succeedJob - before.succeedJob,
    jobRetry: after.jobRetry - before.jobRetry,
    failedJob: after.failedJob - before.failedJob,
    jobs: after.jobs.succeeded - before.jobs.succeeded,
  };
  return { records, gained, jobNames: workflow.jobNames };
}

/** What the jobs must be after an outage: each ran once. */
function expectEachRanOnce({ records, gained, jobNames }: Awaited<ReturnType<typeof runDuring>>): void {
  const count = records.length;
  const ends = records.map(({ job, attempts }) => [
    job.status,
    attempts.map(({ status }) => status),
    job.open,
  ]);
  expect(new Set(ends.map((end) => JSON.stringify(end)))).toEqual(
    new Set([JSON.stringify(['SUCCEEDED', ['SUCCEEDED'], undefined])]),
  );
  expect(gained).toEqual({ succeedJob: count, jobRetry: 0, failedJob: 0, jobs: count });
  expect(new Set(jobNames).size).toBe(jobNames.length);
}

test.each([429, 503])(
  'an API server that answers %i for 60 s while Jobs are created uses up no attempt',
  async (status) => {
    const during = await runDuring({ rejects: (at) => (at < 60 ? status : undefined) }, 10);
    expectEachRanOnce(during);
    expect(during.jobNames.length).toBeGreaterThan(20);
  },
);

test('settle-job that is throttled for 90 s with 50 jobs in flight settles all of them', async () => {
  const failure = new TaskFailure('Lambda.TooManyRequestsException', 'Rate Exceeded.');
  expectEachRanOnce(
    await runDuring(
      { fails: ({ stateName }, at) => (stateName === 'Settle' && at < 90 ? failure : undefined) },
      50,
    ),
  );
});

test.each([
  ['five seconds', 5],
  ['45 minutes', 45 * 60],
])('a table that is away for %s: jobs that were accepted meanwhile succeed', async (_name, seconds) => {
  const failure = new TaskFailure('DynamoDb.SdkClientException', 'Unable to execute HTTP request');
  expectEachRanOnce(
    await runDuring(
      { fails: ({ stateName }, at) => (stateName === 'Register' && at < seconds ? failure : undefined) },
      10,
    ),
  );
});

test('a cluster that accepts no Job for a day: the job is FAILED without an attempt, and says why', async () => {
  const { records, gained, jobNames } = await runDuring({ rejects: () => 503 }, 2);
  for (const { job, attempts } of records) {
    expect(job).toMatchObject({ status: 'FAILED', error: { code: 'SubmissionFailed' } });
    expect(job.error?.message).toMatch(/42 submissions failed within \d\.\d hours, the last with EKS\.503/);
    expect(attempts).toEqual([]);
  }
  expect(gained).toEqual({ succeedJob: 0, jobRetry: 0, failedJob: 0, jobs: 0 });
  expect(new Set(jobNames).size).toBe(2 * 42);
});
