import { setTimeout as pauseFor } from 'node:timers/promises';
import pRetry from 'p-retry';
import { describeError } from '../lib/describe-error.ts';
import { UserError } from '../lib/user-error.ts';
import { TooManyRequests } from './errors.ts';
import { arnOf, type ExecutionStatus } from './execution.ts';
import type { Executions, JobStore, OpenJob } from './ports.ts';
import { shards } from './protocol.ts';
import type { SettleRequest } from './settle.ts';

/** How many executions are stopped, and how many jobs settled, at the same time. AWS allows 25 to 200 stops a second. */
const parallelism = 10;
/** The maximum of open jobs that one read of a shard returns. */
const maximumReadJobs = 1000;
/** In milliseconds. A request or a firing that began before the API and the schedules were deleted has started its job by then. */
const lastStartWithin = 10_000;
/** Milliseconds between two listings: AWS shows a start or an end seconds late. */
const listingInterval = 2000;
/** After so many listings, in each of which every stop was rejected, the reason is reported. */
const maximumFutileListings = 5;
/** Repetitions for one job while DynamoDB or Step Functions throttles. The pauses double from 0.5 s to 10 s: a minute or so. */
const patience = { retries: 9, minTimeout: 500, maxTimeout: 10_000, randomize: true };

interface Dependencies {
  store: Pick<JobStore, 'openJobs'>;
  executions: Pick<Executions, 'describe' | 'running' | 'stop'>;
  /** Settles one job. */
  settle: (request: SettleRequest) => Promise<unknown>;
  /** Aborted when the time is up: nothing more is started. */
  signal: AbortSignal;
  /** Reports what is left to do. */
  note: (step: string) => void;
  pause?: (milliseconds: number) => Promise<unknown>;
  repetitions?: { retries: number };
}

/**
 * Stops every execution and settles its job, for good: AWS does not delete a state machine while executions run.
 * Idempotent: a second call continues what the first could not complete.
 * @throws UserError naming how many jobs could not be settled; the reason of the first rejection if no execution can be stopped;
 * the reason of the signal when the time is up.
 */
export async function stopRunningJobs(dependencies: Dependencies): Promise<void> {
  const stopped = await stopExecutions(dependencies);
  let failures = await settleStopped(stopped, dependencies);
  // The table has the same jobs, if they were registered.
  if (failures.length === 0) failures = await settleOpen(dependencies);
  if (failures.length > 0) {
    throw new UserError(
      `jobs that are stopped and could not be recorded as CANCELLED: ${failures.length} (${describeError(failures[0])}). Run \`sls remove\` again`,
    );
  }
}

const pauseUntil = (signal: AbortSignal) => (milliseconds: number) =>
  pauseFor(milliseconds, undefined, { signal });

/** Stops all executions, until two listings, which are farther apart than a late start takes, list none. @returns their ARNs. */
async function stopExecutions(dependencies: Dependencies): Promise<Set<string>> {
  const { executions, signal, note, pause = pauseUntil(signal), repetitions = patience } = dependencies;
  const stopped = new Set<string>();
  let listedNone = false;
  let futileListings = 0;
  for (;;) {
    signal.throwIfAborted();
    const running = await pRetry(() => executions.running(), { ...repetitions, signal });
    if (running.length === 0 && listedNone) return stopped;
    listedNone = running.length === 0;
    note(`running jobs: ${running.length}; run \`sls remove\` again to stop what is left`);
    // A failure is repeated after the next listing: the execution may have ended, and AWS may throttle.
    const failures = await forEach(running, signal, async (arn) => {
      await executions.stop(arn, 'The stack is being deleted.');
      stopped.add(arn);
    });
    const rejection = failures.find((failure) => !(failure instanceof TooManyRequests));
    futileListings = failures.length === running.length && rejection !== undefined ? futileListings + 1 : 0;
    if (futileListings === maximumFutileListings) throw rejection;
    await pause(listedNone ? lastStartWithin : listingInterval);
  }
}

/** Settles the jobs of stopped executions, also those that are not in the table yet. @returns the failures. */
async function settleStopped(stopped: ReadonlySet<string>, dependencies: Dependencies): Promise<unknown[]> {
  const { executions, settle } = dependencies;
  return await forEachJob([...stopped], dependencies, async (arn) => {
    const execution = await executions.describe(arn);
    // It was started by hand with an input that is not a job's.
    if (!execution?.input) return;
    const { input, fence } = execution;
    await settle({ jobId: input.jobId, execution: fence, status: ended(execution.status) });
  });
}

/** Settles the jobs that are still open in the table: an earlier call may have stopped their executions. @returns the failures. */
async function settleOpen(dependencies: Dependencies): Promise<unknown[]> {
  const { store, executions, settle, signal } = dependencies;
  const seen = new Set<string>();
  const failures: unknown[] = [];
  for (;;) {
    const read = await Promise.all(shards.map((shard) => store.openJobs(shard, {}, maximumReadJobs)));
    const open = read.flat().filter(({ jobId }) => !seen.has(jobId));
    if (open.length === 0 || signal.aborted) return failures;
    for (const { jobId } of open) seen.add(jobId);
    const settleJob = async ({ jobId, execution }: OpenJob): Promise<void> => {
      const status = (await executions.describe(arnOf(execution)))?.status ?? 'ABORTED';
      await settle({ jobId, execution, status: ended(status) });
    };
    failures.push(...(await forEachJob(open, dependencies, settleJob)));
  }
}

/** No execution runs any more; DescribeExecution may know it later. */
const ended = (status: ExecutionStatus): ExecutionStatus => (status === 'RUNNING' ? 'ABORTED' : status);

/** Does the work for every item, several at a time, each with repetitions. @returns the failures. */
async function forEachJob<Item>(
  items: readonly Item[],
  { signal, note, repetitions = patience }: Dependencies,
  work: (item: Item) => Promise<void>,
): Promise<unknown[]> {
  let left = items.length;
  return await forEach(items, signal, async (item) => {
    if (left % 100 === 0)
      note(`jobs that are stopped and not recorded yet: ${left}; run \`sls remove\` again to record them`);
    await pRetry(() => work(item), { ...repetitions, signal });
    left -= 1;
  });
}

/** Does the work for every item, several at a time, until the signal is aborted. @returns the failures. */
async function forEach<Item>(
  items: readonly Item[],
  signal: AbortSignal,
  work: (item: Item) => Promise<void>,
): Promise<unknown[]> {
  const failures: unknown[] = [];
  const rest = items.values();
  const workOff = async (): Promise<void> => {
    for (const item of rest) {
      if (signal.aborted) return;
      try {
        await work(item);
      } catch (failure) {
        failures.push(failure);
      }
    }
  };
  await Promise.all(Array.from({ length: parallelism }, workOff));
  return failures;
}
