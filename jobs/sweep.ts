import { inRandomOrder } from '../lib/random-order.ts';
import { arnOf } from './execution.ts';
import type { Executions, JobPods, JobStore, OpenJob, WaitingJobs } from './ports.ts';
import { isTerminal, shards } from './protocol.ts';
import { releaseLostPods } from './release-pods.ts';
import type { SettleRequest } from './settle.ts';
import {
  afterPass,
  endedPass,
  endedStatuses,
  putPosition,
  runningPass,
  type SweepPosition,
  withUnrecorded,
} from './sweep-position.ts';
import { listNext, recordMissing, type ReportFailure } from './unrecorded.ts';
import { recordWaitingReasons } from './waiting-reason.ts';

/** The maximum of pages that one sweep lists, of a thousand executions each: ListExecutions refills 2 a second. */
const maximumPages = { running: 100, ended: 20 };
/**
 * The maximum of executions that one sweep describes: DescribeExecution refills 10 a second. Open jobs, running executions
 * and those that ended have their own, so that one kind, if it cannot be settled, does not hide the others.
 */
const maximumDescribed = { open: 250, running: 100, ended: 400 };
/** The maximum of executions that one sweep stops: StopExecution refills 25 a second. */
const maximumStopped = 500;
/**
 * Until when each part of a sweep settles jobs, in milliseconds after its start: each has time of its own, so that a cluster
 * that does not respond does not use up the time of all. The function may run 240 s (serverless.yml).
 */
const settlesUntil = { open: 60_000, running: 80_000, stuck: 100_000, ended: 150_000 };
const concurrentlySettled = 5;
/** The maximum of open jobs that one sweep reads from each of the 16 shards: in all, more than it lists executions. */
const maximumOpenJobs = 10_000;
/** In milliseconds. Lists of executions are eventually consistent: an execution may be in none of them for so long. */
const listedWithin = 2 * 60_000;
/** AWS may need minutes to see that a Job has ended. If a job ended longer ago than this, its execution is stuck. */
const slowestPoll = 30 * 60_000;
/** A job of this age whose execution AWS does not know is closed as failed. */
const forgottenAfter = 24 * 60 * 60_000;

interface Dependencies {
  store: Pick<JobStore, 'openJobs' | 'executionsOf' | 'readDecisive' | 'sweepPosition' | 'write'>;
  executions: Pick<Executions, 'describe' | 'stop' | 'list'>;
  now: () => Date;
  /** Settles one job; a failure is reported and left to the next sweep. */
  settle: (request: SettleRequest) => Promise<unknown>;
  pods: JobPods;
  /** Reads what jobs wait for. */
  waiting: () => Promise<WaitingJobs>;
  report: (message: string, problem: unknown) => void;
}

/** What one sweep did. The names are those of the log. */
export interface SweepResult {
  /** Executions that were described because their job seems to have lost the event of its end. */
  asked: number;
  settled: number;
  stopped: number;
  /** Jobs without a heartbeat for half an hour: an alarm counts them (resources/observability.yml). */
  silent: number;
  /** Jobs whose waitingReason was written. */
  explained: number;
  /** Pods of lost nodes that were released. */
  released: number;
  /** Every execution that started before this time has a record (RFC 3339). */
  recordedBefore: string;
}

/** A sweep under way: what it needs, and what it has done. */
interface Run extends Dependencies {
  result: SweepResult;
  /** Epoch milliseconds. */
  startedAt: number;
  isTimeUp: (part: keyof typeof settlesUntil) => boolean;
  reportFailure: ReportFailure;
}

/**
 * Settles what events missed, so that no job stays open and no accepted job is forgotten (promise 1). It examines open jobs
 * whose execution is not running, and executions without a record. Its work is limited; the next sweep finds what a limit
 * left over, because the positions in the lists are kept in the table (jobs/sweep-position.ts).
 */
export async function sweep(dependencies: Dependencies): Promise<SweepResult> {
  const run = startRun(dependencies);
  let position = await run.store.sweepPosition();
  let open: readonly OpenJob[] = [];
  await run.reportFailure('open jobs', async () => {
    ({ position, open } = await sweepRunning(position, run));
  });
  await run.reportFailure('executions that ended', async () => {
    position = await sweepEnded(position, run);
  });
  run.result.recordedBefore = new Date(position.recordedBefore).toISOString();
  await run.store.write([putPosition(position)]);
  // Only the cluster is left. If it does not respond, these parts may use up the time of the function.
  await run.reportFailure('the pods of lost nodes', async () => {
    run.result.released = await releaseLostPods(run);
  });
  await run.reportFailure('what jobs wait for', async () => {
    run.result.explained = await recordWaitingReasons(open, run);
  });
  return run.result;
}

function startRun(dependencies: Dependencies): Run {
  const result = {
    asked: 0,
    settled: 0,
    stopped: 0,
    silent: 0,
    explained: 0,
    released: 0,
    recordedBefore: '',
  };
  const startedAt = dependencies.now().getTime();
  return {
    ...dependencies,
    result,
    startedAt,
    isTimeUp: (part) => dependencies.now().getTime() - startedAt > settlesUntil[part],
    settle: async (request) => {
      await dependencies.settle(request);
      result.settled += 1;
    },
    reportFailure: async (what, work) => {
      try {
        return await work();
      } catch (problem) {
        dependencies.report(`left ${what} to the next sweep`, problem);
        return undefined;
      }
    },
  };
}

/**
 * Compares open jobs with the running executions that started in the same time: a job's creation is the start of its
 * execution. An open job whose execution is not in the list lost the event of its end; only these executions are described.
 */
async function sweepRunning(
  position: SweepPosition,
  run: Run,
): Promise<{ position: SweepPosition; open: OpenJob[] }> {
  const at = run.startedAt;
  const pass = position.running ?? runningPass(at, at - listedWithin);
  const { before } = pass.walk;
  const { executions, after, next } = await listNext(
    'RUNNING',
    pass.walk,
    -Infinity,
    maximumPages.running,
    run,
  );
  const { jobs, isComplete } = await readOpen(after, position.running ? before : Infinity, run);
  const running = new Set(executions.map(({ arn }) => arn));
  const listed = jobs.filter(({ execution }) => running.has(arnOf(execution)));
  const lost = jobs.filter(
    ({ createdAt, execution }) => Date.parse(createdAt) <= before && !running.has(arnOf(execution)),
  );
  run.result.silent = listed.filter((job) => isSilent(job, at)).length;
  const isSettled = await settleLost(lost, at, run);
  const open = new Set(jobs.map(({ execution }) => arnOf(execution)));
  const missing = executions.filter(
    ({ arn, startedAt }) => startedAt >= position.recordedBefore && startedAt <= pass.top && !open.has(arn),
  );
  const budget = { left: maximumDescribed.running, isTimeUp: () => run.isTimeUp('running') };
  const examined = await recordMissing(missing, pass, budget, run);
  for (const job of listed.filter((each) => isStuck(each, at)).slice(0, maximumStopped)) {
    if (run.isTimeUp('stuck')) break;
    await run.reportFailure(job.jobId, () => stopStuck(job, run));
  }
  // A running execution that was not examined may be without a record; the oldest is the last.
  const oldest = examined.rest && missing.at(-1)?.startedAt;
  const done = oldest === undefined ? examined.pass : withUnrecorded(examined.pass, oldest);
  if (!next) {
    // The list is complete. What was not settled is in it again when the next sweep begins at the present.
    return {
      position: { ...position, running: undefined, ended: position.ended ?? endedPass(done) },
      open: jobs,
    };
  }
  // The same part again, as long as some of it can be settled.
  const isDone = (isComplete && isSettled) || run.result.settled === 0;
  return { position: isDone ? { ...position, running: { ...done, walk: next } } : position, open: jobs };
}

/** Examines the executions that ended: a complete pass through the running ones came before it. */
async function sweepEnded(position: SweepPosition, run: Run): Promise<SweepPosition> {
  if (!position.ended) return position;
  const budget = { left: maximumDescribed.ended, isTimeUp: () => run.isTimeUp('ended') };
  let pass = position.ended;
  for (const status of endedStatuses) {
    const walk = pass.walks[status];
    if (!walk) continue;
    const part = await listNext(status, walk, position.recordedBefore, maximumPages.ended, run);
    const examined = await recordMissing(part.executions, pass, budget, run);
    const next = examined.rest ?? part.next;
    pass = { ...examined.pass, walks: { ...pass.walks, [status]: next } };
  }
  return afterPass({ ...position, ended: pass });
}

/** Reads the open jobs that were created after one time and until another, of each shard the oldest. */
async function readOpen(
  after: number,
  until: number,
  { store }: Run,
): Promise<{ jobs: OpenJob[]; isComplete: boolean }> {
  const window = {
    ...(Number.isFinite(after) && { after: new Date(after).toISOString() }),
    ...(Number.isFinite(until) && { until: new Date(until).toISOString() }),
  };
  const read = await Promise.all(shards.map((shard) => store.openJobs(shard, window, maximumOpenJobs)));
  return { jobs: read.flat(), isComplete: read.every(({ length }) => length < maximumOpenJobs) };
}

/**
 * Settles jobs whose execution seems to have ended, in random order, so that jobs that cannot be settled do not hide the rest;
 * the youngest last, because lists may not show their executions yet.
 * @returns whether every job was examined.
 */
async function settleLost(jobs: readonly OpenJob[], at: number, run: Run): Promise<boolean> {
  const isYoung = ({ createdAt }: OpenJob): boolean => at - Date.parse(createdAt) < listedWithin;
  const ordered = [
    ...inRandomOrder(jobs.filter((job) => !isYoung(job))),
    ...inRandomOrder(jobs.filter(isYoung)),
  ].slice(0, maximumDescribed.open);
  while (ordered.length > 0 && !run.isTimeUp('open')) {
    const part = ordered.splice(0, concurrentlySettled);
    await Promise.all(part.map((job) => run.reportFailure(job.jobId, () => settleOne(job, at, run))));
  }
  return ordered.length === 0 && jobs.length <= maximumDescribed.open;
}

async function settleOne(
  { jobId, execution: fence, createdAt }: OpenJob,
  at: number,
  run: Run,
): Promise<void> {
  run.result.asked += 1;
  const execution = await run.executions.describe(arnOf(fence));
  // The list may be behind.
  if (execution?.status === 'RUNNING') return;
  // DescribeExecution is eventually consistent: only for an old job it means that AWS has forgotten the execution.
  if (!execution && at - Date.parse(createdAt) < forgottenAfter) return;
  await run.settle({ jobId, execution: fence, status: execution?.status ?? 'FAILED' });
}

/**
 * Stops the execution of a job that has ended. Unless the job was cancelled it is settled first: the execution may be in its
 * last state, which keeps trying while the cluster does not respond, and then it must not be stopped.
 */
async function stopStuck({ jobId, execution, status }: OpenJob, run: Run): Promise<void> {
  if (status !== 'CANCELLED') await run.settle({ jobId, execution, status: 'RUNNING' });
  await run.executions.stop(arnOf(execution), `The job is ${status}.`);
  run.result.stopped += 1;
}

/** The job has ended, but its execution runs. AWS may see the end of its Job late; after a cancel it does not need to. */
function isStuck({ status, finishedAt }: OpenJob, at: number): boolean {
  return status === 'CANCELLED' || (isTerminal(status) && at - Date.parse(finishedAt ?? '') > slowestPoll);
}

/** The job waits for a node that does not come, or AWS has not seen its container's end. Neither should take this long. */
function isSilent({ status, beat, createdAt }: OpenJob, at: number): boolean {
  return !isTerminal(status) && at - Date.parse(beat ?? createdAt) > slowestPoll;
}
