import { matchesError, StateFailure } from './errors.ts';
import type { Json } from './json.ts';
import { type ExitFields, exitState, type Transition } from './state-exit.ts';
import type { Catcher, Retrier } from './state-machine-definition.ts';
import type { Visit } from './visit.ts';

interface RecoverableState extends ExitFields {
  Next?: string | undefined;
  Retry?: Retrier[] | undefined;
  Catch?: Catcher[] | undefined;
}

/**
 * Does the work of a state, and applies its Retry and then its Catch (Task, Parallel, Map). Output and Assign belong to
 * the work: an expression that fails there can be caught. `onExhausted` is called when no retrier applies any more.
 */
export async function withRecovery(
  state: RecoverableState,
  visit: Visit,
  work: () => Promise<Json>,
  onExhausted: () => void = () => undefined,
): Promise<Transition> {
  const retries = (state.Retry ?? []).map((retrier) => ({ retrier, count: 0 }));
  for (;;) {
    try {
      const result = await work();
      return await exitState(visit, state.Next, state, result, { result });
    } catch (failure) {
      if (!(failure instanceof StateFailure)) throw failure;
      // The first retrier that matches the error decides, also when its attempts are used up; each has its own count.
      const retry = retries.find(({ retrier }) => matchesError(retrier.ErrorEquals, failure.error));
      if (retry !== undefined && retry.count < retry.retrier.MaxAttempts) {
        await waitBeforeRetry(visit, retry.retrier, retry.count);
        retry.count++;
        visit.retryCount++;
        continue;
      }
      onExhausted();
      return await applyCatch(state.Catch ?? [], visit, failure);
    }
  }
}

/**
 * Calculates the delay before a retry (milliseconds). "IntervalSeconds … before the first retry", multiplied by
 * BackoffRate each time, at most MaxDelaySeconds; with full jitter a random time between zero and that (developer
 * guide, "Retrying after an error").
 */
export function retryDelay(retrier: Retrier, count: number, random: () => number): number {
  const seconds = Math.min(
    retrier.IntervalSeconds * retrier.BackoffRate ** count,
    retrier.MaxDelaySeconds ?? 31_622_400,
  );
  return seconds * 1000 * (retrier.JitterStrategy === 'FULL' ? random() : 1);
}

async function waitBeforeRetry(visit: Visit, retrier: Retrier, count: number): Promise<void> {
  const { run, signal } = visit.branch;
  const { clock, random } = run.dependencies;
  const { due } = visit.branch.decideOnce('RetryDue', () => ({
    due: Math.round(clock.now() + retryDelay(retrier, count, random)),
  }));
  // If the journal holds more, the delay is over.
  if (visit.branch.nextRecordedType() === undefined) await clock.sleepUntil(Number(due), signal);
}

/** Exits the state through the first catcher that matches the failure, or throws the failure. */
async function applyCatch(catchers: Catcher[], visit: Visit, failure: StateFailure): Promise<Transition> {
  const index = catchers.findIndex(({ ErrorEquals }) => matchesError(ErrorEquals, failure.error));
  const catcher = catchers[index];
  if (catcher === undefined) throw failure;
  const errorOutput: Json = {
    ...(failure.error === undefined ? {} : { Error: failure.error }),
    ...(failure.cause === undefined ? {} : { Cause: failure.cause }),
  };
  return exitState(visit, catcher.Next, catcher, errorOutput, { prefix: `Catch[${index}]/`, errorOutput });
}
