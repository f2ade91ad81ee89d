import { parseTimestamp } from '../timestamp.ts';
import type { StateOf } from '../state-machine-definition.ts';
import { leave } from '../state-exit.ts';
import type { Transition } from '../state-exit.ts';
import type { Visit } from '../visit.ts';

/** Wait: until some seconds after it was entered, or until a point in time. */
export async function runWait(state: StateOf<'Wait'>, visit: Visit): Promise<Transition> {
  const { branch, entered } = visit;
  const due =
    state.Timestamp === undefined
      ? entered.time + (await visit.evaluateWithin(state.Seconds ?? 0, 'Seconds', 0, 99_999_999)) * 1000
      : await timestamp(state.Timestamp, visit);
  // Both are fixed by the journal, so a restart keeps the time; what the journal holds beyond happened after it.
  if (branch.upcoming() === undefined) await branch.run.surroundings.clock.sleepUntil(due, branch.signal);
  return leave(visit, state.Next, state, visit.input);
}

async function timestamp(template: string, visit: Visit): Promise<number> {
  const text = await visit.evaluateTo(template, 'Timestamp', 'string');
  const time = parseTimestamp(text);
  if (time !== undefined) return time;
  throw visit.evaluationFailure(
    `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${text}`,
    'Timestamp',
  );
}
