import { exitState, type Transition } from '../state-exit.ts';
import type { StateOf } from '../state-machine-definition.ts';
import type { Visit } from '../visit.ts';

/** Runs a Pass state: passes its input on, or its Output. */
export function runPass(state: StateOf<'Pass'>, visit: Visit): Promise<Transition> {
  return exitState(visit, state.Next, state, visit.input);
}
