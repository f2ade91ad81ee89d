import { arnOf } from './execution.ts';
import type { Executions, JobPods, JobStore, OpenJob, WaitingJobs } from './ports.ts';
import { isTerminal, shards } from './protocol.ts';
import { releaseLostPods } from './release-pods.ts';
import type { SettleRequest } from './settle.ts';
import { recordWaitingReasons } from './waiting-reason.ts';

/** The maximum of open jobs whose execution one sweep describes: DescribeExecution refills 15 a second in small regions. */
const maximumDescribedJobs = 500;
/** The maximum of jobs read from each shard of the index; executions of jobs with a recent heartbeat are not described. */
const maximumReadJobs = 1000;
/** In milliseconds. A container with a heartbeat this recent is alive. */
const recentHeartbeat = 2 * 60_000;
/** AWS may need minutes to see that a Job has ended. If a job ended longer ago than this, its execution is stuck. */
const slowestPoll = 30 * 60_000;
/** A job of this age whose execution AWS does not know is closed as failed. */
const forgottenAfter = 24 * 60 * 60_000;
/** How long ago an execution without a record may have started: several sweeps. */
const lookBack = 30 * 60_000;

interface Dependencies {
  store: Pick<JobStore, 'openJobs' | 'readDecisive' | 'write'>;
  executions: Pick<Executions, 'describe' | 'stop' | 'endedSince'>;
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
  /** Executions that were described. */
  asked: number;
  settled: number;
  stopped: number;
  /** Jobs without a heartbeat for half an hour: an alarm counts them (resources/observability.yml). */
  silent: number;
  /** Jobs whose waitingReason was written. */
  explained: number;
  /** Pods of lost nodes that were released. */
  released: number;
}

/** Settles what events missed, so that no job stays open (promise 1). Its work is limited; the next sweep does the rest. */
export async function sweep(dependencies: Dependencies): Promise<SweepResult> {
  const result: SweepResult = { asked: 0, settled: 0, stopped: 0, silent: 0, explained: 0, released: 0 };
  const open = await readOpen(dependencies);
  for (const job of suspects(open, dependencies)) {
    result.asked += 1;
    await reportFailure(dependencies, job.jobId, () => sweepOpen(job, dependencies, result));
  }
  for (const status of ['FAILED', 'TIMED_OUT', 'ABORTED'] as const) {
    const since = dependencies.now().getTime() - lookBack;
    for (const arn of await dependencies.executions.endedSince(status, since)) {
      await reportFailure(dependencies, arn, () => sweepUnrecorded(arn, dependencies, result));
    }
  }
  await reportFailure(dependencies, 'the pods of lost nodes', async () => {
    result.released = await releaseLostPods(dependencies);
  });
  await reportFailure(dependencies, 'what jobs wait for', async () => {
    result.explained = await recordWaitingReasons(open, dependencies);
  });
  return result;
}

async function readOpen({ store }: Dependencies): Promise<OpenJob[]> {
  const read = await Promise.all(shards.map((shard) => store.openJobs(shard, maximumReadJobs)));
  return read.flat();
}

/** Selects open jobs to examine: all that ended, then those without a recent heartbeat, in random order. */
function suspects(open: readonly OpenJob[], { now }: Dependencies): OpenJob[] {
  const alive = now().getTime() - recentHeartbeat;
  return open
    .filter(({ status, beat }) => isTerminal(status) || beat === undefined || Date.parse(beat) <= alive)
    .map((job) => ({ job, order: isTerminal(job.status) ? 0 : 1 + Math.random() }))
    .sort((left, right) => left.order - right.order)
    .slice(0, maximumDescribedJobs)
    .map(({ job }) => job);
}

async function sweepOpen(job: OpenJob, dependencies: Dependencies, result: SweepResult): Promise<void> {
  const { executions, now, settle } = dependencies;
  const arn = arnOf(job.execution);
  const execution = await executions.describe(arn);
  if (execution?.status === 'RUNNING') {
    if (isSilent(job, now())) result.silent += 1;
    const ended = Date.parse(job.finishedAt ?? '');
    if (job.status === 'CANCELLED' || now().getTime() - ended > slowestPoll) {
      await executions.stop(arn, `The job is ${job.status}.`);
      result.stopped += 1;
    }
    return;
  }
  // DescribeExecution is eventually consistent: only for an old job it means that AWS has forgotten the execution.
  if (!execution && now().getTime() - Date.parse(job.createdAt) < forgottenAfter) return;
  await settle({ jobId: job.jobId, execution: job.execution, status: execution?.status ?? 'FAILED' });
  result.settled += 1;
}

/** The job waits for a node that does not come, or AWS has not seen its container's end. Neither should take this long. */
function isSilent({ status, beat, createdAt }: OpenJob, now: Date): boolean {
  return !isTerminal(status) && now.getTime() - Date.parse(beat ?? createdAt) > slowestPoll;
}

async function sweepUnrecorded(arn: string, dependencies: Dependencies, result: SweepResult): Promise<void> {
  const { store, executions, now, settle } = dependencies;
  const execution = await executions.describe(arn);
  // It was started by hand with an input that is not a job's: promise 1 does not apply.
  if (!execution?.input) return;
  const { jobId } = execution.input;
  if (await store.readDecisive(jobId, now().getTime())) return;
  await settle({ jobId, execution: execution.fence, status: execution.status });
  result.settled += 1;
}

/** Does the work; reports its failure, and leaves it to the next sweep. */
async function reportFailure(
  { report }: Dependencies,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (problem) {
    report(`left ${what} to the next sweep`, problem);
  }
}
