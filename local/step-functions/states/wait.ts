import type { StateOf } from '../definition.ts';
import type { Transition, Visit } from '../visit.ts';

/** Wait: until some seconds after it was entered, or until a point in time. */
export async function runWait(state: StateOf<'Wait'>, visit: Visit): Promise<Transition> {
  const { branch, entered } = visit;
  const due =
    state.Timestamp === undefined
      ? entered.time + (await seconds(state, visit)) * 1000
      : await timestamp(state.Timestamp, visit);
  // Both are fixed by the journal, so a restart keeps the time; what the journal holds beyond happened after it.
  if (branch.upcoming() === undefined) await branch.run.surroundings.clock.sleepUntil(due, branch.signal);
  return visit.leave(state.Next, state, visit.input);
}

async function seconds(state: StateOf<'Wait'>, visit: Visit): Promise<number> {
  const value = await visit.evaluateTo(state.Seconds ?? 0, 'Seconds', 'number');
  if (Number.isInteger(value) && value >= 0 && value <= 99_999_999) return value;
  throw visit.evaluationFailure(
    `The Seconds field must be an integer between 0 and 99999999 but was: ${value}`,
    'Seconds',
  );
}

/** "Timestamps must conform to the RFC3339 profile of ISO 8601, with an uppercase T and Z" (developer guide, "Wait"). */
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

async function timestamp(template: string, visit: Visit): Promise<number> {
  const text = await visit.evaluateTo(template, 'Timestamp', 'string');
  // Date.parse takes no more than milliseconds for granted.
  const time = RFC3339.test(text) ? Date.parse(text.replace(/(\.\d{3})\d+/, '$1')) : NaN;
  if (!Number.isNaN(time)) return time;
  throw visit.evaluationFailure(
    `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${text}`,
    'Timestamp',
  );
}
