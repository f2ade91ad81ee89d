import { exitState, type Transition } from '../state-exit.ts';
import type { StateOf } from '../state-machine-definition.ts';
import type { Visit } from '../visit.ts';

/**
 * Runs a Choice state: takes the first rule whose Condition is true, with its own Output and Assign, else Default with
 * the state's.
 */
export async function runChoice(state: StateOf<'Choice'>, visit: Visit): Promise<Transition> {
  for (const [index, rule] of state.Choices.entries()) {
    const prefix = `Choices[${index}]/`;
    const matches = await visit.evaluateTo(rule.Condition, `${prefix}Condition`, 'boolean');
    if (matches) return exitState(visit, rule.Next, rule, visit.input, { prefix });
  }
  if (state.Default !== undefined) return exitState(visit, state.Default, state, visit.input);
  throw visit.failure(
    'States.NoChoiceMatched',
    'Failed to transition out of the state. The state does not point to a next state.',
  );
}
