import type { StateOf } from '../state-machine-definition.ts';
import { leave } from '../state-exit.ts';
import type { Transition } from '../state-exit.ts';
import type { Visit } from '../visit.ts';

/** Succeed: ends its branch with its input, or its Output. */
export function runSucceed(state: StateOf<'Succeed'>, visit: Visit): Promise<Transition> {
  return leave(visit, undefined, state, visit.input);
}
