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
import type { Execution, ExecutionStatus, Tries } from './execution.ts';
import type { ExecutionInput } from './execution-input.ts';
import type { Failure, JobRecord } from './record.ts';
import type { Write } from './write.ts';

const lost: Failure = { code: 'AttemptLost', message: errors.AttemptLost };

/** Decides the verdict of a job whose container recorded none (docs/accounting.md, step 7). */
function verdictOf(status: ExecutionStatus): TerminalStatus {
  if (status === 'ABORTED') return 'CANCELLED';
  return status === 'TIMED_OUT' ? 'TIMED_OUT' : 'FAILED';
}

/** The writes that close the attempts, what they count, and the job's error. */
interface Closing {
  writes: Write[];
  counts: Partial<Record<Counter, number>>;
  error: Failure | undefined;
}

/**
 * Closes attempts 0 to tries - 1: those that are still RUNNING, and those that never reached the table.
 * When the execution was stopped, the attempt that was running is CANCELLED and not counted as a failure.
 */
function closeAttempts(
  { job, attempts }: JobRecord,
  tries: Tries['tries'],
  stopped: boolean,
  now: string,
): Closing {
  const { jobId } = job;
  const closing: Closing = { writes: [], counts: {}, error: undefined };
  const count = (counter: Counter): void => {
    closing.counts[counter] = (closing.counts[counter] ?? 0) + 1;
  };
  const expiresAt = expiryOf(now);
  // The history may be behind the table: every attempt in the table is closed in any case.
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
 * Closes a job whose container recorded no verdict.
 * @param status of its execution; RUNNING when the last state of the execution calls.
 * @param runJob its tries; those after the first maxAttempts are not attempts of the job.
 */
export function closeJob(record: JobRecord, status: ExecutionStatus, runJob: Tries, now: string): Write[] {
  const { job } = record;
  const tries = runJob.tries.slice(0, job.maxAttempts);
  const verdict = verdictOf(status);
  const closing = closeAttempts(record, tries, verdict === 'CANCELLED', now);
  const error = errorOf(verdict, runJob.submissionError ?? closing.error);
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

/** Closes attempts that are RUNNING although their job has ended. The job's verdict stays; theirs follows it. */
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

/** Records a job whose execution ended before Register: only the execution's input is known. */
export function recordUnregistered(
  input: ExecutionInput,
  execution: Pick<Execution, 'fence' | 'startedAt'>,
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
        execution: execution.fence,
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
