import type { StateOf } from '../definition.ts';
import type { Transition, Visit } from '../visit.ts';

/** Choice: the first rule whose Condition is true, with its own Output and Assign, else Default with the state's. */
export async function runChoice(state: StateOf<'Choice'>, visit: Visit): Promise<Transition> {
  for (const [index, rule] of state.Choices.entries()) {
    const prefix = `Choices[${index}]/`;
    const holds = await visit.evaluateTo(rule.Condition, `${prefix}Condition`, 'boolean');
    if (holds) return visit.leave(rule.Next, rule, visit.input, { prefix });
  }
  if (state.Default !== undefined) return visit.leave(state.Default, state, visit.input);
  throw visit.failure(
    'States.NoChoiceMatched',
    'Failed to transition out of the state. The state does not point to a next state.',
  );
}
