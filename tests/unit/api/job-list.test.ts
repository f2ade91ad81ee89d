import { describe, expect, test } from '@jest/globals';
import { listJobs } from '../../../api/job-list.ts';
import type { Query } from '../../../api/request.ts';
import type { JobList } from '../../../api/responses/job.ts';
import { InvalidRequest } from '../../../jobs/errors.ts';
import type { JobFilter, ListedJob } from '../../../jobs/ports.ts';

const now = (): Date => new Date('2026-11-23T12:00:00.000Z');

const listed = (jobId: string, status: ListedJob['status'], createdAt: string): ListedJob => ({
  ...{ jobId, status, origin: 'api', retryOf: '', labels: {}, createdAt },
  createdAtId: `${createdAt}#${jobId}`,
});

/** Jobs of one owner, one a second, the first few failed. */
const stored = (count: number, failed = 0): ListedJob[] =>
  Array.from({ length: count }, (_, index): ListedJob => {
    const createdAt = new Date(Date.parse('2026-11-23T00:00:00.000Z') + index * 1000).toISOString();
    const status = index < failed ? 'FAILED' : 'SUCCEEDED';
    return listed(`job-${index}`, status, createdAt);
  });

/** The index as DynamoDB reads it: a limit counts what is read, and an end is known only once it is reached. */
function index(jobs: ListedJob[]) {
  const reads: number[] = [];
  return {
    reads,
    store: {
      jobsOf: (_owner: string, { from = '0', to = ':', status, after = ':', limit }: JobFilter) => {
        reads.push(limit);
        const rest = jobs
          .filter(({ createdAtId: at }) => at >= from && at <= to && at < after)
          .sort((left, right) => (left.createdAtId < right.createdAtId ? 1 : -1));
        const looked = rest.slice(0, limit);
        const last = looked.length === limit ? looked.at(-1)?.createdAtId : undefined;
        const passed = looked.filter((job) => status === undefined || job.status === status);
        return Promise.resolve({ jobs: passed, ...(last !== undefined && { after: last }) });
      },
    },
  };
}

const list = (jobs: ListedJob[], query: Query = {}, owner = 'alice'): Promise<JobList> =>
  listJobs(owner, query, { store: index(jobs).store, now });

async function rejectedFields(query: Query, owner = 'alice') {
  const error: unknown = await list(stored(3), query, owner).catch((thrown: unknown) => thrown);
  if (!(error instanceof InvalidRequest)) throw new Error('the query was not rejected');
  return error.details.map(({ field }) => field);
}

describe('GET /jobs', () => {
  test('is newest first, and its last page has no cursor', async () => {
    expect(await list(stored(2))).toEqual({
      jobs: [
        expect.objectContaining({ jobId: 'job-1', createdAt: '2026-11-23T00:00:01.000Z' }),
        expect.objectContaining({ jobId: 'job-0' }),
      ],
    });
    // Exactly a page: a cursor would lead to nothing.
    expect(await list(stored(2), { limit: '2' })).not.toHaveProperty('cursor');
    expect(await list([])).toEqual({ jobs: [] });
  });

  test('reads one job more than it shows, and no further', async () => {
    const { store, reads } = index(stored(500));
    await listJobs('alice', {}, { store, now });
    expect(reads).toEqual([21]);
  });

  test('leads through all pages: each job once, none that came meanwhile, whatever the limit', async () => {
    for (const limit of [1, 7, 100]) {
      const jobs = stored(50);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await list(jobs, { limit: String(limit), ...(cursor !== undefined && { cursor }) });
        expect(page.jobs.length).toBeLessThanOrEqual(limit);
        seen.push(...page.jobs.map(({ jobId }) => jobId));
        cursor = page.cursor;
        jobs.push(listed(`new-${jobs.length}`, 'QUEUED', '2026-11-23T11:00:00.000Z'));
      } while (cursor !== undefined);
      expect(seen).toEqual(Array.from({ length: 50 }, (_, number) => `job-${49 - number}`));
    }
  });

  test('reads some thousand jobs for a rare status, then gives a cursor even without a job', async () => {
    const jobs = stored(10_000, 3);
    const { store, reads } = index(jobs);
    const query = { status: 'FAILED', limit: '10' };
    const first = await listJobs('alice', query, { store, now });
    expect(first).toEqual({ jobs: [], cursor: expect.any(String) });
    expect(reads).toEqual([11, 1000, 1000, 1000]);
    let page = first;
    for (let pages = 0; page.cursor !== undefined && pages < 5; pages += 1) {
      page = await listJobs('alice', { ...query, cursor: page.cursor }, { store, now });
    }
    expect(page.jobs.map(({ jobId }) => jobId)).toEqual(['job-2', 'job-1', 'job-0']);
    expect(page.cursor).toBeUndefined();
  });

  test('accepts an interval with its start and without its end, in any time zone', async () => {
    const query = { from: '2026-11-23T01:00:10+01:00', to: '2026-11-23T00:00:12Z' };
    expect((await list(stored(20), query)).jobs.map(({ jobId }) => jobId)).toEqual(['job-11', 'job-10']);
    const ends = { from: '2026-11-23T00:00:12Z', to: '2026-11-23T00:00:10Z' };
    expect(await list(stored(20), ends)).toEqual({ jobs: [] });
  });

  test.each([
    [{ limit: '0' }, ['limit']],
    [{ limit: '101' }, ['limit']],
    [{ limit: '1.5' }, ['limit']],
    [{ status: 'DONE' }, ['status']],
    [{ label: 'team' }, ['label']],
    [{ scheduleId: 'mine' }, ['scheduleId']],
    [{ status: 'FAILED,QUEUED' }, ['status']],
    [{ from: 'yesterday' }, ['from']],
    [{ to: '2026-02-30T00:00:00Z' }, ['to']],
    [{ to: '9999-12-31T23:59:59-01:00' }, ['to']],
    [{ colour: 'red', limit: 'x' }, ['limit', 'colour']],
    [{ cursor: 'nonsense' }, ['cursor']],
    [{ cursor: Buffer.from('["2026",7]').toString('base64url') }, ['cursor']],
  ])('rejects %j and names the parameter', async (query, fields) => {
    expect(await rejectedFields(query)).toEqual(fields);
  });

  test('a cursor is good for its owner and its query only', async () => {
    const { cursor = '' } = await list(stored(3), { limit: '1' });
    expect(await rejectedFields({ cursor }, 'bob')).toEqual(['cursor']);
    expect(await rejectedFields({ cursor, status: 'FAILED' })).toEqual(['cursor']);
    expect(await rejectedFields({ cursor, label: 'a=b' })).toEqual(['cursor']);
    expect(await rejectedFields({ cursor, scheduleId: '01jdd0000000000000000000aa' })).toEqual(['cursor']);
    // Another page size does not change the list.
    expect((await list(stored(3), { cursor, limit: '5' })).jobs).toHaveLength(2);
  });
});
