import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { WaitingJobs } from '../../../jobs/ports.ts';
import { SweepWorld } from '../../harness/sweep-world.ts';

const now = Date.parse('2026-11-23T12:00:00.000Z');
const minutesAgo = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
const hourAgo = now - 60 * 60_000;

describe('sweep settles what events missed, and changes nothing else', () => {
  test('a job whose execution has ended is settled', async () => {
    const world = new SweepWorld(now).execution('lost', { status: 'TIMED_OUT' }).open('lost', {});
    await world.sweep();
    expect(world.did).toEqual(['settle lost TIMED_OUT']);
  });

  test('also when the job was posted a moment ago', async () => {
    const world = new SweepWorld(now).execution('young', { startedAt: now - 1000, status: 'ABORTED' });
    await world.open('young', { status: 'QUEUED' }).sweep();
    expect(world.did).toEqual(['settle young ABORTED']);
  });

  test('the executions of jobs that run are not described: DescribeExecution is limited', async () => {
    const world = new SweepWorld(now)
      .execution('runs', {})
      .open('runs', { beat: minutesAgo(20) })
      .execution('young', { startedAt: now - 1000 })
      .open('young', {});
    await world.sweep();
    expect(world.described).toEqual([]);
  });

  // DescribeExecution allows 10 calls a second, so sweep cannot describe every open job.
  test('a lost event is found by the next sweep, however many jobs are open', async () => {
    const world = new SweepWorld(now);
    for (let job = 0; job < 10_000; job += 1) {
      const id = `waits-${job}`;
      world.execution(id, { startedAt: hourAgo + job }).open(id, { status: 'QUEUED' });
    }
    world.execution('lost', { startedAt: hourAgo + 5000, status: 'ABORTED' }).open('lost', {});
    await world.sweep();
    expect(world.did).toEqual(['settle lost ABORTED']);
    expect(world.described).toEqual(['lost']);
    // Ten pages of running executions.
    expect(world.pages).toBe(13);
  });

  test('more open jobs than one sweep can list are examined by several', async () => {
    const world = new SweepWorld(now, { pageSize: 10 });
    for (let job = 0; job < 3000; job += 1) {
      const id = `waits-${job}`;
      world.execution(id, { startedAt: hourAgo + job }).open(id, { status: 'QUEUED' });
    }
    world.execution('lost', { startedAt: hourAgo - 1, status: 'FAILED' }).open('lost', {});
    await world.sweeps(4);
    expect(world.did).toEqual(['settle lost FAILED']);
  });

  test('an empty page in a list is not its end', async () => {
    const world = new SweepWorld(now, { pageSize: 2, hasEmptyPages: true });
    for (let job = 0; job < 5; job += 1) world.execution(`job-${job}`, { status: 'FAILED' });
    await world.sweeps(2);
    expect(new Set(world.did).size).toBe(5);
  });

  test.each(['RUNNING', 'CANCELLED'] as const)(
    'jobs that are %s and cannot be settled do not hide another',
    async (status) => {
      const world = new SweepWorld(now);
      for (let job = 0; job < 600; job += 1) {
        const id = `broken-${job}`;
        world.execution(id, { startedAt: hourAgo + job, status: 'FAILED' }).open(id, { status });
      }
      world.execution('other', { status: 'FAILED' }).open('other', {});
      world.execution('unrecorded', { status: 'FAILED' });
      world.unsettleable = (jobId) => jobId.startsWith('broken');
      await world.sweeps(30);
      expect(world.did).toEqual(expect.arrayContaining(['settle other FAILED', 'settle unrecorded FAILED']));
      expect(world.reports).toContain('left broken-0 to the next sweep');
    },
  );

  // SilentJobsAlarm counts them: nothing else shows nodes that do not come.
  test('jobs without a heartbeat for half an hour are counted, and not changed', async () => {
    const world = new SweepWorld(now);
    const jobs = {
      waiting: { status: 'QUEUED', startedAt: now - 31 * 60_000 },
      still: { beat: minutesAgo(31) },
      between: { beat: minutesAgo(29) },
      fresh: { status: 'QUEUED', startedAt: now - 29 * 60_000 },
      ended: { status: 'SUCCEEDED', beat: minutesAgo(31), finishedAt: minutesAgo(1) },
    } as const;
    for (const [id, job] of Object.entries(jobs)) {
      world.execution(id, 'startedAt' in job ? { startedAt: job.startedAt } : {}).open(id, job);
    }
    expect((await world.sweep()).silent).toBe(2);
    expect(world.did).toEqual([]);
  });

  test('the execution of a cancelled job is stopped at once', async () => {
    const world = new SweepWorld(now)
      .execution('gone', {})
      .open('gone', { status: 'CANCELLED', finishedAt: minutesAgo(0) });
    await world.sweep();
    expect(world.did).toEqual(['stop gone']);
  });

  test('that of a job that just succeeded is not stopped: AWS polls its Job about once a minute', async () => {
    const world = new SweepWorld(now)
      .execution('fresh', {})
      .open('fresh', { status: 'SUCCEEDED', finishedAt: minutesAgo(2) })
      .execution('stuck', {})
      .open('stuck', { status: 'SUCCEEDED', finishedAt: minutesAgo(31) });
    await world.sweep();
    expect(world.did).toEqual(['settle stuck RUNNING', 'stop stuck']);
  });

  // Its last state keeps trying for hours; stopped, it would raise the alarm of failed executions.
  test('an execution is not stopped while its job cannot be settled', async () => {
    const world = new SweepWorld(now)
      .execution('stuck', {})
      .open('stuck', { status: 'SUCCEEDED', finishedAt: minutesAgo(31) });
    world.unsettleable = () => true;
    await world.sweep();
    expect(world.did).toEqual([]);
  });

  test('an execution that AWS does not show yet has not failed', async () => {
    const day = 24 * 60 * 60_000;
    const world = new SweepWorld(now)
      .open('young', { createdAt: minutesAgo(3) })
      .open('forgotten', { createdAt: new Date(now - day - 60_000).toISOString() });
    await world.sweep();
    expect(world.did).toEqual(['settle forgotten FAILED']);
  });

  test('waiting reasons are recorded, and a cluster that does not respond prevents nothing else', async () => {
    const world = (waiting: () => Promise<WaitingJobs>): SweepWorld => {
      const made = new SweepWorld(now)
        .execution('waits', {})
        .open('waits', { status: 'QUEUED' })
        .execution('lost', { status: 'FAILED' })
        .open('lost', {});
      made.waiting = waiting;
      return made;
    };
    const explained = world(() => Promise.resolve(new Map([['waits', 'NoNode']])));
    expect(await explained.sweep()).toMatchObject({ explained: 1, settled: 1 });
    const unexplained = world(() => Promise.reject(new Error('no cluster')));
    expect(await unexplained.sweep()).toMatchObject({ explained: 0, settled: 1 });
    expect(unexplained.reports).toContain('left what jobs wait for to the next sweep');
  });

  test('a cluster whose pods cannot be listed prevents nothing else', async () => {
    const world = new SweepWorld(now).execution('lost', { status: 'FAILED' }).open('lost', {});
    world.terminatingPods = () => Promise.reject(new Error('no cluster'));
    expect(await world.sweep()).toMatchObject({ settled: 1, released: 0 });
    expect(world.did).toEqual(['settle lost FAILED']);
    expect(world.reports).toEqual(['left the pods of lost nodes to the next sweep']);
  });
});

describe('sweep records every job whose execution ended before Register', () => {
  // The table was away for longer than Register and Settle repeat, and the queue of events was full.
  test('704 of them, 45 minutes old, that lost their events', async () => {
    const world = new SweepWorld(now);
    for (let job = 0; job < 704; job += 1) {
      world.execution(`job-${job}`, { startedAt: now - 45 * 60_000 + job, status: 'FAILED' });
    }
    await world.sweeps(3);
    expect(new Set(world.did).size).toBe(704);
    expect(world.did).toHaveLength(704);
  });

  // The name of such an execution is not the id of its job, so each must be described.
  test('one that is behind thousands of failed jobs of schedules', async () => {
    const world = new SweepWorld(now);
    for (let firing = 0; firing < 3000; firing += 1) {
      const name = `firing-${firing}`;
      world.execution(name, {
        startedAt: hourAgo + firing,
        status: 'FAILED',
        jobId: `of-schedule-${firing}`,
      });
      world.record(`of-schedule-${firing}`, name);
    }
    world.execution('early', { startedAt: hourAgo - 1, status: 'FAILED', jobId: 'of-schedule' });
    await world.sweeps(9);
    expect(world.did).toEqual(['settle of-schedule FAILED']);
  });

  test('one that Register was still trying to record during earlier sweeps', async () => {
    const world = new SweepWorld(now).execution('registering', { startedAt: now - 3 * 60_000 });
    await world.sweeps(5);
    expect(world.did).toEqual([]);
    world.end('registering', 'FAILED');
    await world.sweep();
    expect(world.did).toEqual(['settle registering FAILED']);
  });

  test('one that was in none of the lists during a sweep, because they are eventually consistent', async () => {
    const world = new SweepWorld(now).execution('hidden', { startedAt: now - 3 * 60_000 });
    world.end('hidden', 'FAILED');
    world.hidden.add('hidden');
    await world.sweep();
    world.hidden.clear();
    await world.sweep();
    expect(world.did).toEqual(['settle hidden FAILED']);
  });

  test('not an execution that was started by hand with another input', async () => {
    const world = new SweepWorld(now).execution('by-hand', { status: 'FAILED', isJob: false });
    await world.sweeps(3);
    expect(world.did).toEqual([]);
    expect(world.described).toEqual(['by-hand', 'by-hand']);
  });

  test('executions that are recorded are not examined again', async () => {
    const world = new SweepWorld(now);
    world.execution('old', { status: 'FAILED', jobId: 'of-schedule' }).record('of-schedule', 'old');
    const { recordedBefore } = await world.sweeps(2);
    expect(Date.parse(recordedBefore)).toBeGreaterThan(now - 10 * 60_000);
    world.described.length = 0;
    await world.sweeps(3);
    expect(world.described).toEqual([]);
  });
});

test('whatever the sizes of pages and the order of events, nothing that ended stays open or unrecorded', async () => {
  const job = fc.record({
    ageMinutes: fc.integer({ min: 3, max: 600 }),
    status: fc.constantFrom('RUNNING' as const, 'FAILED' as const, 'TIMED_OUT' as const, 'ABORTED' as const),
    isRecorded: fc.boolean(),
    isScheduled: fc.boolean(),
    endsAfter: fc.integer({ min: 0, max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(job, { maxLength: 40 }),
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
      async (jobs, pageSize, forgetsTokens) => {
        const world = new SweepWorld(now, { pageSize, forgetsTokens, pagesUntilThrottled: 20 });
        for (const [index, each] of jobs.entries()) {
          const [name, jobId] = [`e-${index}`, each.isScheduled ? `s-${index}` : `e-${index}`];
          world.execution(name, { startedAt: now - each.ageMinutes * 60_000, jobId });
          if (each.isRecorded) world.open(jobId, {}, name);
        }
        for (let sweep = 0; sweep < 80; sweep += 1) {
          for (const [index, each] of jobs.entries()) {
            if (each.endsAfter === sweep && each.status !== 'RUNNING') world.end(`e-${index}`, each.status);
          }
          await world.sweep();
        }
        expect(world.leftOver()).toEqual([]);
        const settled = world.did.map((text) => text.split(' ')[1]);
        expect(new Set(settled).size).toBe(settled.length);
        expect(settled.length).toBe(jobs.filter(({ status }) => status !== 'RUNNING').length);
      },
    ),
    { numRuns: 60 },
  );
});
