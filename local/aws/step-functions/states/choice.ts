import type { StateOf } from '../state-machine-definition.ts';
import { leave } from '../state-exit.ts';
import type { Transition } from '../state-exit.ts';
import type { Visit } from '../visit.ts';

/** Choice: the first rule whose Condition is true, with its own Output and Assign, else Default with the state's. */
export async function runChoice(state: StateOf<'Choice'>, visit: Visit): Promise<Transition> {
  for (const [index, rule] of state.Choices.entries()) {
    const prefix = `Choices[${index}]/`;
    const holds = await visit.evaluateTo(rule.Condition, `${prefix}Condition`, 'boolean');
    if (holds) return leave(visit, rule.Next, rule, visit.input, { prefix });
  }
  if (state.Default !== undefined) return leave(visit, state.Default, state, visit.input);
  throw visit.failure(
    'States.NoChoiceMatched',
    'Failed to transition out of the state. The state does not point to a next state.',
  );
}
