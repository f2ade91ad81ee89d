import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { limits } from '../../../jobs/protocol.ts';
import type { Stats } from '../../../api/responses/service.ts';
import { freePorts } from '../../harness/running-service.ts';
import { type Fault, FaultProxy, faults } from '../../harness/container/fault-proxy.ts';
import { exitOf, Machine } from '../../harness/container/machine.ts';
import { countedBetween } from '../../harness/counted.ts';

/**
 * One fault at a time: after any fault of any request of a job to the table, the job ends once, with the right status, and
 * every attempt is counted once.
 */
let machine: Machine;
let proxy: FaultProxy;

beforeAll(async () => {
  machine = await Machine.start(await freePorts());
  proxy = await FaultProxy.start(machine.endpoint);
}, 600_000);

afterAll(async () => {
  await proxy.stop();
  await machine.stop();
});

interface Run {
  status: string;
  attempts: string[];
  settled: boolean;
  requests: number;
  counted: Stats;
}

/** What follows a killed try: the next try, or another pod of the same Job, as after an interruption. */
type Replacement = 'next try' | 'same try';

/** Runs a job from Register to Settle. The exit code of a container decides what follows, as in the state machine. */
async function run(
  input: object,
  replacement: Replacement,
  maxAttempts: number = limits.machineAttempts,
): Promise<Run> {
  const before = await machine.stats();
  const jobId = await machine.register({ source: 'synthetic', records: 0, ...input }, maxAttempts);
  let tries = 0;
  let replaced = false;
  while (tries < limits.machineAttempts) {
    const container = machine.container(jobId, tries, proxy.url, maxAttempts);
    proxy.onKill(() => container.kill('SIGKILL'));
    const code = await exitOf(container);
    if (code === null && replacement === 'same try' && !replaced) {
      replaced = true;
      continue;
    }
    tries += 1;
    if (code === 0) break;
  }
  const { requests } = proxy;
  await machine.settle(jobId, tries);
  const { job, attempts } = await machine.record(jobId);
  const after = await machine.stats();
  return {
    status: job.status,
    attempts: attempts.map(({ status }) => status),
    settled: job.open === undefined,
    requests,
    counted: countedBetween(before, after),
  };
}

/** Checks that the counters match the attempts. */
function expectCountedOnce({ status, attempts, settled, counted }: Run): void {
  expect(settled).toBe(true);
  expect(counted).toEqual({
    succeedJob: attempts.filter((each) => each === 'SUCCEEDED').length,
    jobRetry: attempts.length - 1,
    failedJob: attempts.filter((each) => each === 'FAILED').length,
    jobs: {
      succeeded: status === 'SUCCEEDED' ? 1 : 0,
      failed: status === 'FAILED' ? 1 : 0,
      cancelled: 0,
      timedOut: 0,
    },
  });
}

/** Faults that do not end an attempt: the container handles them. */
const survivable: readonly Fault[] = [
  'delivered twice',
  'response lost',
  'conflict',
  'throttled',
  'internal error',
];

const jobs = [
  { what: 'succeeds', input: {}, expected: ['SUCCEEDED'], status: 'SUCCEEDED' },
  { what: 'fails once', input: { failAttempts: 1 }, expected: ['FAILED', 'SUCCEEDED'], status: 'SUCCEEDED' },
  {
    what: 'fails always',
    input: { failAttempts: 3 },
    expected: ['FAILED', 'FAILED', 'FAILED'],
    status: 'FAILED',
  },
  { what: 'has an invalid input', input: { records: -1 }, expected: ['FAILED'], status: 'FAILED' },
] as const;

describe.each(jobs)('a job that $what', ({ input, expected, status }) => {
  test('without faults', async () => {
    proxy.plan();
    const undisturbed = await run(input, 'next try');
    expect(undisturbed).toMatchObject({ status, attempts: expected });
    expectCountedOnce(undisturbed);
  });

  test.each(faults)(
    '%s, at every one of its requests',
    async (fault) => {
      proxy.plan();
      const { requests } = await run(input, 'next try');
      expect(requests).toBeGreaterThanOrEqual(3);
      for (let at = 1; at <= requests; at += 1) {
        proxy.plan({ at, fault });
        const disturbed = await run(input, 'next try');
        expect({ at, status: disturbed.status }).toEqual({ at, status });
        if (survivable.includes(fault))
          expect({ at, attempts: disturbed.attempts }).toEqual({ at, attempts: expected });
        expectCountedOnce(disturbed);
      }
    },
    300_000,
  );

  test.each(['killed before', 'killed after'] as const)(
    '%s any request and replaced in the same try: the attempt continues',
    async (fault) => {
      proxy.plan();
      const { requests } = await run(input, 'next try');
      for (let at = 1; at <= requests; at += 1) {
        proxy.plan({ at, fault });
        const disturbed = await run(input, 'same try');
        expect({ at, status: disturbed.status, attempts: disturbed.attempts }).toEqual({
          at,
          status,
          attempts: expected,
        });
        expectCountedOnce(disturbed);
      }
    },
    300_000,
  );
});

test('the last try of a job with fewer attempts, killed at any request, is counted by the next container', async () => {
  proxy.plan();
  const { requests } = await run({}, 'next try', 1);
  for (let at = 1; at <= requests; at += 1) {
    proxy.plan({ at, fault: 'killed before' });
    const disturbed = await run({}, 'next try', 1);
    expect(disturbed.attempts).toHaveLength(1);
    expectCountedOnce(disturbed);
  }
}, 300_000);

test('two containers started for the same try at once: one runs, one outcome is counted', async () => {
  proxy.plan();
  for (let round = 0; round < 20; round += 1) {
    const before = await machine.stats();
    const jobId = await machine.register({ source: 'synthetic', records: 200, recordsPerSecond: 1000 });
    const both = [machine.container(jobId, 0, proxy.url), machine.container(jobId, 0, proxy.url)];
    await Promise.all(both.map(exitOf));
    await machine.settle(jobId, 1);
    const { job, attempts } = await machine.record(jobId);
    const after = await machine.stats();
    expect(job.status).toBe('SUCCEEDED');
    expect(attempts.map(({ status }) => status)).toEqual(['SUCCEEDED']);
    expect(after.succeedJob - before.succeedJob).toBe(1);
    expect(after.failedJob - before.failedJob).toBe(0);
    expect(after.jobRetry - before.jobRetry).toBe(0);
  }
}, 300_000);
