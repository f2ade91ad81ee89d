import { exitState, type Transition } from '../state-exit.ts';
import type { StateOf } from '../state-machine-definition.ts';
import type { Visit } from '../visit.ts';

/** Runs a Succeed state: ends its branch with its input, or its Output. */
export function runSucceed(state: StateOf<'Succeed'>, visit: Visit): Promise<Transition> {
  return exitState(visit, undefined, state, visit.input);
}
