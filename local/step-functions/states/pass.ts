import type { StateOf } from '../definition.ts';
import type { Transition, Visit } from '../visit.ts';

/** Pass: gives its input on, or its Output. */
export function runPass(state: StateOf<'Pass'>, visit: Visit): Promise<Transition> {
  return visit.leave(state.Next, state, visit.input);
}
