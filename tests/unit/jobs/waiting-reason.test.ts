import { describe, expect, test } from '@jest/globals';
import { viewOfRecord } from '../../../api/job-view.ts';
import type { OpenJob } from '../../../jobs/ports.ts';
import { recordOf, WaitingReason } from '../../../jobs/record.ts';
import { recordWaitingReasons, waitingMessages } from '../../../jobs/waiting-reason.ts';
import type { Write } from '../../../jobs/write.ts';
import { goldenAbout } from '../../harness/golden.ts';

const open = (jobId: string, rest: Partial<OpenJob> = {}): OpenJob => ({
  ...{ jobId, status: 'QUEUED', execution: `arn:${jobId}@t`, createdAt: '2026-11-23T10:00:00.000Z' },
  ...rest,
});

/** Records these reasons for these jobs. @returns the writes, their number, and how often the reasons were read. */
async function written(jobs: OpenJob[], reasons: Record<string, WaitingReason>, began: string[] = []) {
  const writes: Write[] = [];
  let asked = 0;
  const count = await recordWaitingReasons(jobs, {
    store: {
      write: ([write]) => {
        if (!write || !('update' in write)) throw new Error('not one update');
        writes.push(write);
        return Promise.resolve(!began.some((jobId) => write.update.pk === `JOB#${jobId}`));
      },
    },
    waiting: () => {
      asked += 1;
      return Promise.resolve(new Map(Object.entries(reasons)));
    },
  });
  return { writes, count, asked };
}

describe('what a queued job waits for', () => {
  // The accounting depends on the fence: this write must require it and not change it.
  test('is written while the job is queued and belongs to this execution, and changes nothing else', async () => {
    const { writes, count } = await written([open('a')], { a: 'NoNode' });
    expect(writes).toEqual([
      {
        update: { pk: 'JOB#a', sk: 'JOB' },
        if: { execution: 'arn:a@t', status: 'QUEUED' },
        set: { waitingReason: 'NoNode' },
      },
    ]);
    expect(count).toBe(1);
  });

  test('is written only where it has changed, and removed when it is not known any more', async () => {
    const jobs = [
      open('same', { waitingReason: 'NoNode' }),
      open('other', { waitingReason: 'NoNode' }),
      open('gone', { waitingReason: 'NoNode' }),
      open('unknown'),
    ];
    const { writes } = await written(jobs, { same: 'NoNode', other: 'ImagePull', stranger: 'NoNode' });
    const condition = (jobId: string) => ({ if: { execution: `arn:${jobId}@t`, status: 'QUEUED' } });
    expect(writes).toEqual([
      { update: { pk: 'JOB#other', sk: 'JOB' }, ...condition('other'), set: { waitingReason: 'ImagePull' } },
      { update: { pk: 'JOB#gone', sk: 'JOB' }, ...condition('gone'), remove: ['waitingReason'] },
    ]);
  });

  test('is not read from the cluster while no job is queued', async () => {
    expect(await written([open('a', { status: 'RUNNING' })], { a: 'NoNode' })).toEqual({
      ...{ writes: [], count: 0, asked: 0 },
    });
  });

  test('is limited to a thousand writes, for the jobs that wait longest', async () => {
    const jobs = Array.from({ length: 1100 }, (_, index) =>
      open(`job-${index}`, { createdAt: new Date(Date.UTC(2026, 0, 1) - index * 1000).toISOString() }),
    );
    const reasons = Object.fromEntries(jobs.map(({ jobId }) => [jobId, 'NoNode' as const]));
    const { writes } = await written(jobs, reasons, ['job-1099']);
    expect(writes).toHaveLength(1000);
    expect(writes[0]).toMatchObject({ update: { pk: 'JOB#job-1099' } });
  });

  test('does not count a job that started meanwhile', async () => {
    expect((await written([open('a'), open('b')], { a: 'Starting', b: 'Starting' }, ['a'])).count).toBe(1);
  });
});

describe('GET /jobs/{jobId}', () => {
  const view = (name: string, change: object) => {
    const [job = {}, ...rest] = goldenAbout(name, 'a').record;
    const record = recordOf([{ ...job, ...change }, ...rest], 0);
    if (!record) throw new Error('no record');
    return viewOfRecord(record);
  };

  test.each(WaitingReason.options)(
    'shows %s with a message of our own while the job is queued',
    (waitingReason) => {
      const shown = view('cancel-queued', { waitingReason }).waitingReason;
      expect(shown).toEqual({ reason: waitingReason, message: waitingMessages[waitingReason] });
      expect(shown?.message).toMatch(/^[A-Z].{20,}\.$/);
    },
  );

  test('does not show it once the job has started, although the table still has it', () => {
    expect(view('cancel-running', { waitingReason: 'NoNode' })).not.toHaveProperty('waitingReason');
  });

  // After a rollback the table may have what a later version wrote.
  test('does not fail on a reason that it does not know', () => {
    expect(view('cancel-queued', { waitingReason: 'Moonphase' })).not.toHaveProperty('waitingReason');
  });

  test('shows labels and resources if the job has any', () => {
    const given = { labels: { team: 'search' }, resources: { cpu: '2' } };
    expect(view('cancel-queued', given)).toMatchObject(given);
    expect(Object.keys(view('cancel-queued', {}))).not.toEqual(expect.arrayContaining(['labels']));
    expect(Object.keys(view('cancel-queued', {}))).not.toEqual(expect.arrayContaining(['resources']));
  });
});
