import {
  attemptKey,
  countersKey,
  type Counter,
  errors,
  expiryOf,
  inputKey,
  jobCounter,
  jobKey,
  openPartition,
  shardOf,
  type TerminalStatus,
} from './protocol.ts';
import type { Execution, Try } from './aws/executions.ts';
import type { Failure, JobRecord } from './record.ts';
import type { ExecutionInput } from '../api/job-request.ts';
import type { Write } from './write.ts';

/** How an execution stands that asks for its job to be settled: RUNNING when its own last state asks. */
export type ExecutionStatus = Execution['status'];

const lost: Failure = { code: 'AttemptLost', message: errors.AttemptLost };

/** The verdict on a job whose container left none (docs/accounting.md, Settle). */
function verdictOf(status: ExecutionStatus): TerminalStatus {
  if (status === 'ABORTED') return 'CANCELLED';
  return status === 'TIMED_OUT' ? 'TIMED_OUT' : 'FAILED';
}

/** What closing the attempts writes, counts and leaves as the job's error. */
interface Closing {
  writes: Write[];
  counts: Partial<Record<Counter, number>>;
  error: Failure | undefined;
}

/**
 * Closes attempts 0 to tries - 1: those still RUNNING, and those that never reached the table.
 * When the execution was stopped, the attempt that was under way is CANCELLED and counts as no failure.
 */
function closeAttempts(
  { job, attempts }: JobRecord,
  tries: readonly Try[],
  stopped: boolean,
  now: string,
): Closing {
  const { jobId } = job;
  const closing: Closing = { writes: [], counts: {}, error: undefined };
  const count = (counter: Counter): void => {
    closing.counts[counter] = (closing.counts[counter] ?? 0) + 1;
  };
  const expiresAt = expiryOf(now);
  // The history may lag behind the table: what the table knows of is closed in any case.
  const last = Math.max(tries.length - 1, job.attempt ?? -1, ...attempts.map(({ attempt }) => attempt));
  for (let attempt = 0; attempt <= last; attempt += 1) {
    const known = attempts.find((each) => each.attempt === attempt);
    if (known && known.status !== 'RUNNING') {
      closing.writes.push({ update: attemptKey(jobId, attempt), set: { expiresAt } });
      closing.error = known.error ?? closing.error;
      continue;
    }
    const cancelled = stopped && attempt === last;
    const error = known ? lost : (tries[attempt]?.error ?? lost);
    const outcome = {
      status: cancelled ? 'CANCELLED' : 'FAILED',
      finishedAt: now,
      ...(!cancelled && { error }),
      expiresAt,
    };
    if (!cancelled) {
      closing.error = error;
      count('failedJob');
    }
    if (known) {
      closing.writes.push({
        update: attemptKey(jobId, attempt),
        if: { status: 'RUNNING', runner: known.runner ?? null },
        set: outcome,
        remove: ['interruptedAt'],
      });
    } else {
      if (attempt > 0) count('jobRetry');
      closing.writes.push({ put: { ...attemptKey(jobId, attempt), attempt, ...outcome }, if: { pk: null } });
    }
  }
  return closing;
}

const countWrites = (jobId: string, counts: Closing['counts']): Write[] =>
  Object.keys(counts).length === 0 ? [] : [{ update: countersKey(shardOf(jobId)), add: counts }];

/**
 * Ends a job whose container left no verdict.
 * @param tries how often RunJob was tried; tries beyond maxAttempts are none of the job's attempts.
 */
export function closeJob(
  record: JobRecord,
  status: ExecutionStatus,
  tries: readonly Try[],
  now: string,
): Write[] {
  const { job } = record;
  const verdict = verdictOf(status);
  const closing = closeAttempts(record, tries.slice(0, job.maxAttempts), verdict === 'CANCELLED', now);
  const error = errorOf(verdict, closing.error);
  return [
    {
      update: jobKey(job.jobId),
      if: {
        execution: job.execution,
        status: job.status,
        attempt: job.attempt ?? null,
        runner: job.runner ?? null,
      },
      set: { status: verdict, ...(error && { error }), finishedAt: now, expiresAt: expiryOf(now) },
    },
    ...closing.writes,
    ...countWrites(job.jobId, { ...closing.counts, [jobCounter[verdict]]: 1 }),
  ];
}

function errorOf(verdict: TerminalStatus, last: Failure | undefined): Failure | undefined {
  if (verdict === 'CANCELLED') return undefined;
  if (verdict === 'TIMED_OUT') return { code: 'ExecutionTimedOut', message: errors.ExecutionTimedOut };
  return last ?? { code: 'ExecutionFailed', message: errors.ExecutionFailed };
}

/** Attempts that stayed RUNNING although their job has ended: the job stands, they are closed as it was. */
export function closeLeftovers({ job, attempts }: JobRecord, now: string): Write[] {
  const open = attempts.filter(({ status }) => status === 'RUNNING');
  if (open.length === 0) return [];
  const cancelled = job.status === 'CANCELLED';
  const outcome = cancelled ? { status: 'CANCELLED' } : { status: 'FAILED', error: lost };
  return [
    ...open.map(({ attempt, runner }): Write => ({
      update: attemptKey(job.jobId, attempt),
      if: { status: 'RUNNING', runner: runner ?? null },
      set: { ...outcome, finishedAt: now, expiresAt: expiryOf(now) },
      remove: ['interruptedAt'],
    })),
    ...countWrites(job.jobId, cancelled ? {} : { failedJob: open.length }),
  ];
}

/** Records a job whose execution ended before Register: all that is known of it is the execution's input. */
export function recordUnregistered(
  input: ExecutionInput,
  execution: Pick<Execution, 'execution' | 'startedAt'>,
  status: ExecutionStatus,
  now: string,
): Write[] {
  const { jobId, input: json, retryOf = '', ...rest } = input;
  const verdict = verdictOf(status);
  const error = errorOf(verdict, undefined);
  const expiresAt = expiryOf(now);
  return [
    {
      put: {
        ...jobKey(jobId),
        jobId,
        ...rest,
        retryOf,
        status: verdict,
        execution: execution.execution,
        createdAt: execution.startedAt,
        createdAtId: `${execution.startedAt}#${jobId}`,
        open: openPartition(shardOf(jobId)),
        ...(error && { error }),
        finishedAt: now,
        expiresAt,
      },
      if: { pk: null },
    },
    { put: { ...inputKey(jobId), json, expiresAt } },
    ...countWrites(jobId, { [jobCounter[verdict]]: 1 }),
  ];
}
