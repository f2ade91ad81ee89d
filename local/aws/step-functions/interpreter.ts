import { setImmediate } from 'node:timers/promises';
import type { Branch } from './branch.ts';
import type { Json } from './json.ts';
import type { Transition } from './state-exit.ts';
import type { State, StateGroup } from './state-machine-definition.ts';
import { runChoice } from './states/choice.ts';
import { runFail } from './states/fail.ts';
import { runMap } from './states/map.ts';
import { runParallel } from './states/parallel.ts';
import { runPass } from './states/pass.ts';
import { runSucceed } from './states/succeed.ts';
import { runTask } from './states/task.ts';
import { runWait } from './states/wait.ts';
import { Visit } from './visit.ts';

/**
 * Runs states from StartAt until one ends the branch.
 * @returns its output.
 * @throws the StateFailure that was not caught.
 */
export async function runStates(group: StateGroup, input: Json, branch: Branch): Promise<Json> {
  let transition: Transition = { next: group.StartAt, output: input };
  for (let count = 1; transition.next !== undefined; count++) {
    const state: State | undefined = group.States[transition.next];
    if (state === undefined) throw new Error(`no state ${transition.next}`);
    transition = await runState(state, new Visit(branch, transition.next, state.Type, transition.output));
    // The journal knows which state followed, so a choice is not made a second time.
    transition.next = branch.nextRecordedState() ?? transition.next;
    // A machine that only passes and chooses never waits for anything: give the rest of the process its turn.
    if (count % 50 === 0) await setImmediate();
  }
  return transition.output;
}

function runState(state: State, visit: Visit): Promise<Transition> {
  switch (state.Type) {
    case 'Pass':
      return runPass(state, visit);
    case 'Task':
      return runTask(state, visit);
    case 'Choice':
      return runChoice(state, visit);
    case 'Wait':
      return runWait(state, visit);
    case 'Succeed':
      return runSucceed(state, visit);
    case 'Fail':
      return runFail(state, visit);
    case 'Parallel':
      return runParallel(state, visit);
    case 'Map':
      return runMap(state, visit);
  }
}
