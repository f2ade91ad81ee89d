import { describe, expect, test } from '@jest/globals';
import { viewOfRecord } from '../../../api/job-view.ts';
import type { OpenJob } from '../../../jobs/ports.ts';
import { type JobItem, recordOf, WaitingReason } from '../../../jobs/record.ts';
import { recordWaitingReasons, waitingMessages } from '../../../jobs/waiting-reason.ts';
import type { Write } from '../../../jobs/write.ts';
import { goldenAbout } from '../../harness/golden.ts';

const open = (jobId: string, rest: Partial<OpenJob> = {}): OpenJob => ({
  ...{ jobId, status: 'QUEUED', execution: `arn:${jobId}@t`, createdAt: '2026-11-23T10:00:00.000Z' },
  ...rest,
});

const now = new Date('2026-11-23T12:00:00.000Z');
const secondsAgo = (seconds: number): string => new Date(now.getTime() - seconds * 1000).toISOString();

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
    now: () => now,
    waiting: () => {
      asked += 1;
      return Promise.resolve(new Map(Object.entries(reasons)));
    },
  });
  return { writes, count, asked };
}

describe('what a job waits for', () => {
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

  test('is not read from the cluster while no job waits', async () => {
    const jobs = [
      open('working', { status: 'RUNNING', beat: secondsAgo(59) }),
      open('ended', { status: 'SUCCEEDED', beat: secondsAgo(300) }),
    ];
    expect(await written(jobs, { working: 'NoNode', ended: 'NoNode' })).toEqual({
      ...{ writes: [], count: 0, asked: 0 },
    });
  });

  // A replacement that waits for a node: the heartbeat tells a reader whether the reason still holds.
  test('is written for a running job without a heartbeat, together with its last heartbeat', async () => {
    const silent = { status: 'RUNNING', beat: secondsAgo(61) } as const;
    const jobs = [
      open('new', silent),
      open('same', { ...silent, waitingReason: 'NoNode' }),
      open('gone', { ...silent, waitingReason: 'NoNode' }),
      open('unknown', silent),
    ];
    const { writes } = await written(jobs, { new: 'NoNode', same: 'NoNode' });
    const about = (jobId: string) => ({
      update: { pk: `JOB#${jobId}`, sk: 'JOB' },
      if: { execution: `arn:${jobId}@t`, status: 'RUNNING', beat: silent.beat },
    });
    const set = { waitingReason: 'NoNode', waitingBeat: silent.beat };
    expect(writes).toEqual([
      { ...about('new'), set },
      { ...about('same'), set },
      { ...about('gone'), remove: ['waitingReason'] },
    ]);
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
    return viewOfRecord(record, now.getTime());
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
    const started = { waitingReason: 'NoNode', beat: secondsAgo(5) };
    expect(view('cancel-running', started)).not.toHaveProperty('waitingReason');
  });

  describe('shows of a running job', () => {
    const items = goldenAbout('cancel-running', 'a').record;
    const shown = (job: Partial<JobItem>, ofAttempt: object = {}) => {
      const change = ({ sk }: (typeof items)[number]): object =>
        sk === 'JOB' ? job : String(sk).startsWith('ATTEMPT#') ? ofAttempt : {};
      const changed = items.map((item) => ({ ...item, ...change(item) }));
      const record = recordOf(changed, 0);
      if (!record) throw new Error('no record');
      return viewOfRecord(record, now.getTime()).waitingReason?.reason;
    };
    const interruption = { interruptedAt: secondsAgo(1) };

    test('nothing while its heartbeat is younger than a minute', () => {
      expect(
        shown({ beat: secondsAgo(59), waitingReason: 'NoNode', waitingBeat: secondsAgo(90) }),
      ).toBeUndefined();
    });

    test('that its pod was taken away, at once', () => {
      expect(shown({ beat: secondsAgo(1) }, interruption)).toBe('Interrupted');
    });

    test('that its heartbeat has stopped, after a minute', () => {
      expect(shown({ beat: secondsAgo(61) })).toBe('NoHeartbeat');
    });

    test('what its replacement waits for, if sweep has seen it since the last heartbeat', () => {
      const silent = { beat: secondsAgo(61), waitingReason: 'NoNode' as const };
      expect(shown({ ...silent, waitingBeat: silent.beat })).toBe('NoNode');
      expect(shown({ ...silent, waitingBeat: silent.beat }, interruption)).toBe('NoNode');
      // Recorded while the job was queued, or during an earlier interruption.
      expect(shown(silent)).toBe('NoHeartbeat');
      expect(shown({ ...silent, waitingBeat: secondsAgo(600) }, interruption)).toBe('Interrupted');
    });

    test('nothing once it has ended', () => {
      expect(shown({ status: 'SUCCEEDED', beat: secondsAgo(3600) }, interruption)).toBeUndefined();
    });
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
