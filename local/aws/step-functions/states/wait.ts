import { exitState, type Transition } from '../state-exit.ts';
import type { StateOf } from '../state-machine-definition.ts';
import { parseTimestamp } from '../timestamp.ts';
import type { Visit } from '../visit.ts';

/** Runs a Wait state: waits until some seconds after it was entered, or until a point in time. */
export async function runWait(state: StateOf<'Wait'>, visit: Visit): Promise<Transition> {
  const { branch, entered } = visit;
  const due =
    state.Timestamp === undefined
      ? entered.time + (await visit.evaluateWithin(state.Seconds ?? 0, 'Seconds', 0, 99_999_999)) * 1000
      : await evaluateTimestamp(state.Timestamp, visit);
  // The journal fixes both, so a restart keeps the time. If the journal holds more, the wait is over.
  if (branch.nextRecordedType() === undefined)
    await branch.run.dependencies.clock.sleepUntil(due, branch.signal);
  return exitState(visit, state.Next, state, visit.input);
}

async function evaluateTimestamp(template: string, visit: Visit): Promise<number> {
  const text = await visit.evaluateTo(template, 'Timestamp', 'string');
  const time = parseTimestamp(text);
  if (time !== undefined) return time;
  throw visit.evaluationFailure(
    `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${text}`,
    'Timestamp',
  );
}
