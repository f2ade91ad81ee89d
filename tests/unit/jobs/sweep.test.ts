import { describe, expect, test } from '@jest/globals';
import type { Execution } from '../../../jobs/execution.ts';
import type { OpenJob, TerminatingPod, WaitingJobs } from '../../../jobs/ports.ts';
import { sweep } from '../../../jobs/sweep.ts';

const now = new Date('2026-11-23T12:00:00.000Z');
const minutesAgo = (minutes: number): string => new Date(now.getTime() - minutes * 60_000).toISOString();
const fence = (jobId: string): string =>
  `arn:aws:states:eu-central-1:1:execution:run-job:${jobId}@${minutesAgo(60)}`;

const open = (jobId: string, rest: Partial<OpenJob>): OpenJob => ({
  jobId,
  status: 'RUNNING',
  execution: fence(jobId),
  createdAt: minutesAgo(60),
  ...rest,
});

/** Sweeps these open jobs, whose executions have these statuses, and executions that ended without a record. */
async function swept(
  jobs: OpenJob[],
  standing: Record<string, Execution['status']>,
  unrecorded: string[] = [],
  waiting: () => Promise<WaitingJobs> = () => Promise.resolve(new Map()),
  pods: () => Promise<TerminatingPod[]> = () => Promise.resolve([]),
) {
  const did: string[] = [];
  const described: string[] = [];
  const result = await sweep({
    now: () => now,
    store: {
      openJobs: (shard) => Promise.resolve(shard === '0' ? jobs : []),
      readDecisive: () => Promise.resolve(undefined),
      write: () => Promise.resolve(true),
    },
    executions: {
      describe: (arn) => {
        const jobId = arn.split(':').at(-1) ?? '';
        described.push(jobId);
        const status = standing[jobId];
        if (!status) return Promise.resolve(undefined);
        const input = {
          jobId,
          owner: 'a',
          origin: 'api' as const,
          input: '{}',
          maxAttempts: 3,
          timeoutSeconds: 60,
          labels: {},
          resources: {},
        };
        return Promise.resolve({ arn, fence: fence(jobId), status, startedAt: minutesAgo(60), input });
      },
      stop: (arn) => {
        did.push(`stop ${arn.split(':').at(-1) ?? ''}`);
        return Promise.resolve();
      },
      endedSince: (status) =>
        Promise.resolve(
          status === 'ABORTED' ? unrecorded.map((jobId) => fence(jobId).split('@')[0] ?? '') : [],
        ),
    },
    settle: ({ jobId, status }) => {
      did.push(`settle ${jobId} ${status}`);
      return jobId === 'broken' ? Promise.reject(new Error('no')) : Promise.resolve();
    },
    pods: { listTerminating: pods, release: () => Promise.resolve(true) },
    waiting,
    report: (message) => did.push(message),
  });
  return { did, described, result };
}

describe('sweep settles what events missed, and changes nothing else', () => {
  test('a job whose execution has ended is settled', async () => {
    const { did } = await swept([open('lost', {})], { lost: 'TIMED_OUT' });
    expect(did).toEqual(['settle lost TIMED_OUT']);
  });

  test('an execution whose container has a recent heartbeat is not described: DescribeExecution is limited', async () => {
    const { described } = await swept([open('alive', { beat: minutesAgo(1) })], { alive: 'RUNNING' });
    expect(described).toEqual([]);
  });

  // SilentJobsAlarm counts them: nothing else shows nodes that do not come.
  test('jobs without a heartbeat for half an hour are counted, and not changed', async () => {
    const jobs = [
      open('waiting', { status: 'QUEUED', createdAt: minutesAgo(31) }),
      open('still', { beat: minutesAgo(31) }),
      open('between tries', { beat: minutesAgo(29) }),
      open('new', { status: 'QUEUED', createdAt: minutesAgo(29) }),
      open('ended', { status: 'SUCCEEDED', beat: minutesAgo(31), finishedAt: minutesAgo(1) }),
    ];
    const running = Object.fromEntries(jobs.map(({ jobId }) => [jobId, 'RUNNING' as const]));
    const { result, did } = await swept(jobs, running);
    expect(result.silent).toBe(2);
    expect(did).toEqual([]);
  });

  test('the execution of a cancelled job is stopped at once', async () => {
    const { did } = await swept([open('gone', { status: 'CANCELLED', finishedAt: minutesAgo(0) })], {
      gone: 'RUNNING',
    });
    expect(did).toEqual(['stop gone']);
  });

  test('that of a job that just succeeded is not stopped: AWS polls its Job about once a minute', async () => {
    const jobs = [
      open('fresh', { status: 'SUCCEEDED', finishedAt: minutesAgo(2) }),
      open('stuck', { status: 'SUCCEEDED', finishedAt: minutesAgo(31) }),
    ];
    const { did } = await swept(jobs, { fresh: 'RUNNING', stuck: 'RUNNING' });
    expect(did).toEqual(['stop stuck']);
  });

  test('an execution that AWS does not show yet has not failed', async () => {
    const day = 24 * 60;
    const jobs = [
      open('young', { createdAt: minutesAgo(1) }),
      open('forgotten', { createdAt: minutesAgo(day + 1) }),
    ];
    expect((await swept(jobs, {})).did).toEqual(['settle forgotten FAILED']);
  });

  test('an execution that ended before Register is recorded', async () => {
    expect((await swept([], { early: 'ABORTED' }, ['early'])).did).toEqual(['settle early ABORTED']);
  });

  test('waiting reasons are recorded, and a cluster that does not respond prevents nothing else', async () => {
    const jobs = [open('waits', { status: 'QUEUED' }), open('lost', {})];
    const standing = { waits: 'RUNNING', lost: 'FAILED' } as const;
    const explained = await swept(jobs, standing, [], () => Promise.resolve(new Map([['waits', 'NoNode']])));
    expect(explained.result).toMatchObject({ explained: 1, settled: 1 });
    const unexplained = await swept(jobs, standing, [], () => Promise.reject(new Error('no cluster')));
    expect(unexplained.result).toMatchObject({ explained: 0, settled: 1 });
    expect(unexplained.did).toContain('left what jobs wait for to the next sweep');
  });

  test('a cluster whose pods cannot be listed prevents nothing else', async () => {
    const { did, result } = await swept([open('lost', {})], { lost: 'FAILED' }, [], undefined, () =>
      Promise.reject(new Error('no cluster')),
    );
    expect(did).toEqual(['settle lost FAILED', 'left the pods of lost nodes to the next sweep']);
    expect(result).toMatchObject({ settled: 1, released: 0 });
  });

  test('one job that cannot be settled prevents no other from being settled', async () => {
    const jobs = [open('broken', {}), open('other', {})];
    const { did, result } = await swept(jobs, { broken: 'FAILED', other: 'FAILED' });
    expect(did).toContain('left broken to the next sweep');
    expect(did).toContain('settle other FAILED');
    expect(result).toMatchObject({ asked: 2, settled: 1 });
  });
});
