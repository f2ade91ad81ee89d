import { withRecovery } from '../recovery.ts';
import type { Transition } from '../state-exit.ts';
import type { StateOf } from '../state-machine-definition.ts';
import type { Visit } from '../visit.ts';
import { runBranches } from './branches.ts';

/** Runs a Parallel state: its branches at once, each with the same input; the result is the array of their outputs. */
export function runParallel(state: StateOf<'Parallel'>, visit: Visit): Promise<Transition> {
  const { branch } = visit;
  const work = async () => {
    const input =
      state.Arguments === undefined ? visit.input : await visit.evaluate(state.Arguments, 'Arguments');
    const started = branch.record('ParallelStateStarted');
    const plans = state.Branches.map((group) => ({ group, input }));
    const outputs = await runBranches(visit, started, plans, plans.length, {});
    branch.record('ParallelStateSucceeded', undefined, { chained: false });
    return outputs;
  };
  return withRecovery(state, visit, work, () => {
    branch.record('ParallelStateFailed');
  });
}
