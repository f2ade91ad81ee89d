import type { Catcher, Retrier } from './state-machine-definition.ts';
import { namesError, StateFailure } from './errors.ts';
import type { Json } from './json.ts';
import { leave } from './state-exit.ts';
import type { Leaving, Transition } from './state-exit.ts';
import type { Visit } from './visit.ts';

interface Recovering extends Leaving {
  Next?: string | undefined;
  Retry?: Retrier[] | undefined;
  Catch?: Catcher[] | undefined;
}

/**
 * Does a state's work, with its Retry and then its Catch around it (Task, Parallel, Map). Output and Assign belong to the
 * work: an expression that fails there can be caught. `onGivenUp` is called when no retrier is left.
 */
export async function withRecovery(
  state: Recovering,
  visit: Visit,
  work: () => Promise<Json>,
  onGivenUp: () => void = () => undefined,
): Promise<Transition> {
  const retries = (state.Retry ?? []).map((retrier) => ({ retrier, count: 0 }));
  for (;;) {
    try {
      const result = await work();
      return await leave(visit, state.Next, state, result, { result });
    } catch (failure) {
      if (!(failure instanceof StateFailure)) throw failure;
      // The first retrier that names the error decides, also when its attempts are used up; each counts on its own.
      const retry = retries.find(({ retrier }) => namesError(retrier.ErrorEquals, failure.error));
      if (retry !== undefined && retry.count < retry.retrier.MaxAttempts) {
        await pause(visit, retry.retrier, retry.count);
        retry.count++;
        visit.retryCount++;
        continue;
      }
      onGivenUp();
      return await caught(state.Catch ?? [], visit, failure);
    }
  }
}

/**
 * How long to wait before a retry. "IntervalSeconds … before the first retry", multiplied by BackoffRate each time, at most
 * MaxDelaySeconds; with full jitter a random time between nothing and that (developer guide, "Retrying after an error").
 */
export function retryDelay(retrier: Retrier, count: number, random: () => number): number {
  const seconds = Math.min(
    retrier.IntervalSeconds * retrier.BackoffRate ** count,
    retrier.MaxDelaySeconds ?? 31_622_400,
  );
  return seconds * 1000 * (retrier.JitterStrategy === 'FULL' ? random() : 1);
}

async function pause(visit: Visit, retrier: Retrier, count: number): Promise<void> {
  const { run, signal } = visit.branch;
  const { clock, random } = run.surroundings;
  const { due } = visit.branch.note('RetryDue', () => ({
    due: Math.round(clock.now() + retryDelay(retrier, count, random)),
  }));
  // What the journal holds beyond a pause happened after it.
  if (visit.branch.upcoming() === undefined) await clock.sleepUntil(Number(due), signal);
}

async function caught(catchers: Catcher[], visit: Visit, failure: StateFailure): Promise<Transition> {
  const index = catchers.findIndex(({ ErrorEquals }) => namesError(ErrorEquals, failure.error));
  const catcher = catchers[index];
  if (catcher === undefined) throw failure;
  const errorOutput: Json = {
    ...(failure.error === undefined ? {} : { Error: failure.error }),
    ...(failure.cause === undefined ? {} : { Cause: failure.cause }),
  };
  return leave(visit, catcher.Next, catcher, errorOutput, { prefix: `Catch[${index}]/`, errorOutput });
}
