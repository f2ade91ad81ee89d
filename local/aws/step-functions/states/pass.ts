import type { StateOf } from '../state-machine-definition.ts';
import { leave } from '../state-exit.ts';
import type { Transition } from '../state-exit.ts';
import type { Visit } from '../visit.ts';

/** Pass: gives its input on, or its Output. */
export function runPass(state: StateOf<'Pass'>, visit: Visit): Promise<Transition> {
  return leave(visit, state.Next, state, visit.input);
}
