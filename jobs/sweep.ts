import { arnOf, type Executions } from './aws/executions.ts';
import { isTerminal, shards } from './protocol.ts';
import type { Asking } from './settle.ts';
import type { JobStore, OpenJob } from './aws/job-store.ts';
import { recordWaiting, type WaitingJobs } from './waiting-reason.ts';

/** The most jobs one sweep asks Step Functions about: DescribeExecution refills 15 a second in small regions. */
const mostAsked = 500;
/** Read from each shard of the index; the jobs that live are dropped before the others are asked about. */
const mostRead = 1000;
/** A container that said something this recently is alive. */
const freshBeat = 2 * 60_000;
/** AWS may need minutes to see that a Job has ended; an execution of a job that ended long before this is stuck. */
const slowestPoll = 30 * 60_000;
/** A job this old whose execution AWS does not know is closed as one that failed. */
const forgottenAfter = 24 * 60 * 60_000;
/** How far back executions that ended without a record are looked for: several sweeps. */
const lookBack = 30 * 60_000;

interface Dependencies {
  store: Pick<JobStore, 'openJobs' | 'readDecisive' | 'write'>;
  executions: Pick<Executions, 'describe' | 'stop' | 'endedSince'>;
  now: () => Date;
  /** Settles one job; a failure is reported and left to the next sweep. */
  settle: (asking: Asking) => Promise<unknown>;
  /** What jobs wait for. */
  waiting: () => Promise<WaitingJobs>;
  report: (message: string, problem: unknown) => void;
}

/** What one sweep did. */
export interface Swept {
  asked: number;
  settled: number;
  stopped: number;
  /** Jobs under way that gave no sign of life for half an hour: an alarm counts them (resources/observability.yml). */
  silent: number;
  /** Queued jobs that now say what they wait for, or no longer do. */
  explained: number;
}

/** Finds what events missed, so that nothing stays open for ever (promise 1). Bounded; what is left waits for the next. */
export async function sweep(dependencies: Dependencies): Promise<Swept> {
  const swept: Swept = { asked: 0, settled: 0, stopped: 0, silent: 0, explained: 0 };
  const open = await readOpen(dependencies);
  for (const job of suspects(open, dependencies)) {
    swept.asked += 1;
    await attempt(dependencies, job.jobId, () => sweepOpen(job, dependencies, swept));
  }
  for (const status of ['FAILED', 'TIMED_OUT', 'ABORTED'] as const) {
    const since = dependencies.now().getTime() - lookBack;
    for (const arn of await dependencies.executions.endedSince(status, since)) {
      await attempt(dependencies, arn, () => sweepUnrecorded(arn, dependencies, swept));
    }
  }
  await attempt(dependencies, 'what jobs wait for', async () => {
    swept.explained = await recordWaiting(open, dependencies);
  });
  return swept;
}

async function readOpen({ store }: Dependencies): Promise<OpenJob[]> {
  const read = await Promise.all(shards.map((shard) => store.openJobs(shard, mostRead)));
  return read.flat();
}

/** Open jobs that may need us: all that ended, and of the others those without a fresh beat, in random order. */
function suspects(open: readonly OpenJob[], { now }: Dependencies): OpenJob[] {
  const alive = now().getTime() - freshBeat;
  return open
    .filter(({ status, beat }) => isTerminal(status) || beat === undefined || Date.parse(beat) <= alive)
    .map((job) => ({ job, order: isTerminal(job.status) ? 0 : 1 + Math.random() }))
    .sort((left, right) => left.order - right.order)
    .slice(0, mostAsked)
    .map(({ job }) => job);
}

async function sweepOpen(job: OpenJob, dependencies: Dependencies, swept: Swept): Promise<void> {
  const { executions, now, settle } = dependencies;
  const arn = arnOf(job.execution);
  const execution = await executions.describe(arn);
  if (execution?.status === 'RUNNING') {
    if (isSilent(job, now())) swept.silent += 1;
    const ended = Date.parse(job.finishedAt ?? '');
    if (job.status === 'CANCELLED' || now().getTime() - ended > slowestPoll) {
      await executions.stop(arn, `The job is ${job.status}.`);
      swept.stopped += 1;
    }
    return;
  }
  // DescribeExecution is eventually consistent: only of an old job does it mean that AWS has forgotten the execution.
  if (!execution && now().getTime() - Date.parse(job.createdAt) < forgottenAfter) return;
  await settle({ jobId: job.jobId, execution: job.execution, status: execution?.status ?? 'FAILED' });
  swept.settled += 1;
}

/** It waits for a node that does not come, or AWS has not yet seen its container's end: no job waits that long in peace. */
function isSilent({ status, beat, createdAt }: OpenJob, now: Date): boolean {
  return !isTerminal(status) && now.getTime() - Date.parse(beat ?? createdAt) > slowestPoll;
}

async function sweepUnrecorded(arn: string, dependencies: Dependencies, swept: Swept): Promise<void> {
  const { store, executions, now, settle } = dependencies;
  const execution = await executions.describe(arn);
  // Started by hand with something that is no job: nobody was promised anything.
  if (!execution?.input) return;
  const { jobId } = execution.input;
  if (await store.readDecisive(jobId, now().getTime())) return;
  await settle({ jobId, execution: execution.execution, status: execution.status });
  swept.settled += 1;
}

async function attempt({ report }: Dependencies, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (problem) {
    report(`left ${what} to the next sweep`, problem);
  }
}
