import type { Branch, MapItem } from '../branch.ts';
import { type Json, jsonText } from '../json.ts';
import { withRecovery } from '../recovery.ts';
import type { Transition } from '../state-exit.ts';
import type { StateOf } from '../state-machine-definition.ts';
import type { Visit } from '../visit.ts';
import { runBranches } from './branches.ts';

/** "Inline mode … up to 40 concurrent iterations" (developer guide, "Map"). */
const inlineConcurrency = 40;
/** The maximum of a counter. */
const counterMaximum = 2 ** 31 - 1;

/** Runs an inline Map state: its ItemProcessor for each item; the result is the array of their outputs. */
export function runMap(state: StateOf<'Map'>, visit: Visit): Promise<Transition> {
  const { branch, name } = visit;
  const event = (type: string, chained: boolean) => (iteration: Branch, index: number) => {
    iteration.record(`MapIteration${type}`, { name, index }, { chained });
  };
  const work = async () => {
    const items = await evaluateItems(state, visit);
    const concurrency = await evaluateConcurrency(state, visit);
    const started = branch.record('MapStateStarted', { length: items.length });
    const plans = [];
    for (const [index, value] of items.entries()) {
      const item: MapItem = { Index: index, Value: value };
      const input =
        state.ItemSelector === undefined
          ? value
          : await visit.evaluate(state.ItemSelector, 'ItemSelector', {}, item);
      plans.push({ group: state.ItemProcessor, input, item });
    }
    const outputs = await runBranches(visit, started, plans, concurrency || inlineConcurrency, {
      started: event('Started', true),
      succeeded: event('Succeeded', false),
      failed: event('Failed', false),
      aborted: event('Aborted', false),
    });
    branch.record('MapStateSucceeded', undefined, { chained: false });
    return outputs;
  };
  return withRecovery(state, visit, work, () => {
    branch.record('MapStateFailed');
  });
}

async function evaluateItems(state: StateOf<'Map'>, visit: Visit): Promise<Json[]> {
  if (state.Items !== undefined) return visit.evaluateTo(state.Items, 'Items', 'array');
  if (Array.isArray(visit.input)) return visit.input;
  throw visit.evaluationFailure(`Map state input must be an array but was: ${jsonText(visit.input)}`);
}

/**
 * Evaluates MaxConcurrency. The tolerances are only checked: they have an effect in distributed Maps (developer guide,
 * "Map").
 */
async function evaluateConcurrency(state: StateOf<'Map'>, visit: Visit): Promise<number> {
  const { ToleratedFailureCount = 0, ToleratedFailurePercentage = 0, MaxConcurrency = 0 } = state;
  await visit.evaluateWithin(ToleratedFailureCount, 'ToleratedFailureCount', 0, counterMaximum);
  await visit.evaluateWithin(ToleratedFailurePercentage, 'ToleratedFailurePercentage', 0, 100, 'a number');
  return visit.evaluateWithin(MaxConcurrency, 'MaxConcurrency', 0, counterMaximum);
}
