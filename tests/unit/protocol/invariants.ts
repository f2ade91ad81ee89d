/** The invariants: of every state, of every step, and of the states in which nothing more can happen. */
import type { State } from './state.ts';
import { attemptOf, executionOf, hasEnded, interruptionLimit, isRunning } from './state.ts';

/** Names the invariant that a state violates; null: none. */
export function wrongState(state: State): string | null {
  const { job, attempts, counters, maxAttempts, broken } = state;
  if (broken !== null) return broken;
  const put = attempts.filter((attempt) => attempt !== null);
  const count = (status: string): number => put.filter((attempt) => attempt.status === status).length;
  if (
    attempts.some(
      (attempt, number) => attempt !== null && number > 0 && attemptOf(attempts, number - 1) === null,
    )
  ) {
    return 'an attempt is missing below another';
  }
  if (put.length > maxAttempts) return 'an attempt beyond maxAttempts';
  if (counters.succeedJob !== count('SUCCEEDED'))
    return `succeedJob ${counters.succeedJob} for ${count('SUCCEEDED')}`;
  if (counters.failedJob !== count('FAILED')) return `failedJob ${counters.failedJob} for ${count('FAILED')}`;
  const retries = Math.max(0, put.length - 1);
  if (counters.jobRetry !== retries) return `jobRetry ${counters.jobRetry} for ${retries}`;
  const ended = hasEnded(job);
  if (counters.jobs !== (ended ? 1 : 0))
    return `the job is ${job?.status ?? 'absent'} and was counted ${counters.jobs} times`;
  if (count('SUCCEEDED') !== (job?.status === 'SUCCEEDED' ? 1 : 0))
    return 'success of the job is not that of one attempt';
  if (attempts.some((attempt, number) => attempt?.status === 'FAILED' && state.excuses[number] !== true)) {
    return 'an attempt was counted as failed without a reason';
  }
  if (!ended && put.length === maxAttempts && count('RUNNING') === 0)
    return 'the last attempt failed and the job continues';
  const limit = interruptionLimit;
  if (
    put.some(
      ({ status, marked, interruptions }) =>
        status === 'RUNNING' && interruptions >= (marked ? limit + 1 : limit),
    )
  ) {
    return 'an attempt is interrupted without limit';
  }
  return null;
}

/** A job that has ended never changes again. */
export function wrongStep(before: State, after: State): string | null {
  if (!hasEnded(before.job) || after.job?.status === before.job.status) return null;
  return `the job was ${before.job.status} and became ${after.job?.status ?? 'absent'}`;
}

/** Names the invariant that an end violates: a state in which only faults can change anything. */
export function wrongEnd(state: State): string | null {
  const { job, attempts, maxAttempts, cancel, executions } = state;
  if (job === null) return 'the job was accepted and never recorded';
  if (!hasEnded(job)) return `the job stays ${job.status}`;
  if (attempts.some((attempt) => attempt?.status === 'RUNNING')) return 'an attempt stays RUNNING';
  if (job.open) return 'the job is never settled';
  if (executions.some((execution) => isRunning(execution))) return 'an execution never ends';
  const own = executionOf(state, job.execution);
  const failed = attempts.filter((attempt) => attempt?.status === 'FAILED').length;
  if (job.status === 'FAILED' && !job.permanent && own.gaveUp === null && failed < maxAttempts) {
    return `the job FAILED after ${failed} of ${maxAttempts} attempts`;
  }
  if (job.status === 'TIMED_OUT' && failed < maxAttempts && own.phase !== 'TIMED_OUT') {
    return `the job TIMED_OUT after ${failed} of ${maxAttempts} attempts`;
  }
  if (job.status === 'CANCELLED' && own.phase !== 'ABORTED' && cancel.phase === 'idle')
    return 'the job is CANCELLED without a request';
  if (cancel.promised && job.status !== 'CANCELLED') return `the cancelled job is ${job.status}`;
  return null;
}
