import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { jobKey } from '../../jobs/protocol.ts';
import { listJobs } from '../../api/job-list.ts';
import type { Write } from '../../jobs/write.ts';
import { Machine } from '../harness/container/machine.ts';
import { freePorts } from '../harness/running-service.ts';

const count = 10_000;
const now = (): Date => new Date('2026-11-24T00:00:00.000Z');
const begin = Date.parse('2026-11-23T00:00:00.000Z');
const old = Math.floor(begin / 1000);

let machine: Machine;

beforeAll(async () => {
  machine = await Machine.start(await freePorts());
  const numbers = Array.from({ length: count }, (_, number) => number);
  // As many as a transaction takes.
  while (numbers.length > 0)
    await machine.store.write(numbers.splice(0, 100).map((number) => jobNumber(number)));
  // What must not be in a list of alice's jobs: a job of another owner, an expired job, and a schedule, which shares the index.
  await machine.store.write([
    jobNumber(1, { owner: 'bob', ...jobKey('bobs'), jobId: 'bobs' }),
    jobNumber(2, { expiresAt: old, ...jobKey('expired'), jobId: 'expired' }),
    { put: { pk: 'SCHEDULE#1', sk: 'SCHEDULE', owner: 'alice', createdAtId: '2026-11-23T05:00:00.000Z#1' } },
  ]);
}, 600_000);

afterAll(() => machine.stop());

const scheduleId = '01jdd0000000000000000000aa';
/** The ids of its jobs begin as those of the first schedule do, except for one character. */
const otherSchedule = '01jdd0000000000000000000ab';

function idOf(number: number): string {
  const digits = String(number).padStart(5, '0');
  return number % 400 === 0 ? `${scheduleId}-now-${digits.padStart(11, '0')}` : `job-${digits}`;
}

/** Four jobs per second, so that the order within a second is tested too. Every 500th failed, every 400th is of a schedule. */
function jobNumber(number: number, rest: object = {}): Write {
  const isTick = number % 400 === 0;
  const jobId = idOf(number);
  const createdAt = new Date(begin + Math.floor(number / 4) * 1000).toISOString();
  return {
    put: {
      ...jobKey(jobId),
      ...{ jobId, owner: 'alice', origin: isTick ? 'schedule' : 'api' },
      ...{ status: number % 500 === 0 ? 'FAILED' : 'SUCCEEDED' },
      ...{ createdAt, createdAtId: `${createdAt}#${jobId}`, retryOf: '' },
      ...{ labels: { team: number % 250 === 0 ? 'search' : 'other', 'a.b/c': String(number % 2) } },
      ...rest,
    },
  };
}

/** All pages of a list, adding a job after each. */
async function pages(query: Record<string, string>): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = [];
  let cursor: string | undefined;
  let number = 0;
  do {
    const page = await listJobs(
      'alice',
      { ...query, ...(cursor !== undefined && { cursor }) },
      { store: machine.store, now },
    );
    ids.push(...page.jobs.map(({ jobId }) => jobId));
    cursor = page.cursor;
    number += 1;
    await machine.store.write([jobNumber(count + number)]);
  } while (cursor !== undefined);
  return { ids, pages: number };
}

const expected = (each: number): string[] =>
  Array.from({ length: count / each }, (_, index) => idOf(index * each)).reverse();

test(`paging over ${count} jobs is complete and ordered, and stable while jobs are added`, async () => {
  const { ids, pages: number } = await pages({ limit: '100' });
  expect(ids).toEqual(expected(1));
  expect(number).toBe(count / 100);
});

test('a list of the few failed jobs is complete and ordered', async () => {
  // Jobs that other tests added are newer.
  const { ids } = await pages({ status: 'FAILED', limit: '3', to: '2026-11-23T00:41:40Z' });
  expect(ids).toEqual(expected(500));
});

// The index must hold what the filter reads: with a projection that lacks it the list would be empty.
test('a list of the jobs with labels is complete', async () => {
  const until = { limit: '7', to: '2026-11-23T00:41:40Z' };
  expect((await pages({ ...until, label: 'team=search' })).ids).toEqual(expected(250));
  expect((await pages({ ...until, label: 'team=search,a.b/c=1' })).ids).toEqual([]);
  expect((await pages({ ...until, label: 'a.b/c=0,team=search' })).ids).toEqual(expected(250));
  expect((await pages({ ...until, label: 'team=' })).ids).toEqual([]);
});

test('a list of the jobs of one schedule is complete', async () => {
  const until = { limit: '7', to: '2026-11-23T00:41:40Z' };
  expect((await pages({ ...until, scheduleId })).ids).toEqual(expected(400));
  expect((await pages({ ...until, scheduleId: otherSchedule })).ids).toEqual([]);
  const { jobs } = await listJobs('alice', { ...until, scheduleId }, { store: machine.store, now });
  expect(jobs[0]).toMatchObject({ scheduleId, labels: { team: 'other', 'a.b/c': '0' } });
});
