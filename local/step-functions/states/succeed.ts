import type { StateOf } from '../definition.ts';
import type { Transition, Visit } from '../visit.ts';

/** Succeed: ends its branch with its input, or its Output. */
export function runSucceed(state: StateOf<'Succeed'>, visit: Visit): Promise<Transition> {
  return visit.leave(undefined, state, visit.input);
}
