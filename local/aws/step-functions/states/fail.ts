import { StateFailure } from '../errors.ts';
import type { Transition } from '../state-exit.ts';
import type { StateOf } from '../state-machine-definition.ts';
import type { Visit } from '../visit.ts';

/** Runs a Fail state: ends its branch with an error and a cause. Each may be absent, or an expression for a string. */
export async function runFail(state: StateOf<'Fail'>, visit: Visit): Promise<Transition> {
  const text = (template: string | undefined, field: string) =>
    template === undefined ? undefined : visit.evaluateTo(template, field, 'string');
  throw new StateFailure(await text(state.Error, 'Error'), await text(state.Cause, 'Cause'));
}
