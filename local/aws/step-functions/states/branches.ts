import { setImmediate } from 'node:timers/promises';
import { Branch, type BranchEvent, type MapItem } from '../branch.ts';
import { StateFailure, Stopped } from '../errors.ts';
import { runStates } from '../interpreter.ts';
import type { Json } from '../json.ts';
import type { StateGroup } from '../state-machine-definition.ts';
import { hasTrait } from '../state-traits.ts';
import type { Visit } from '../visit.ts';

/** One of several paths that run at once. */
export interface BranchPlan {
  group: StateGroup;
  input: Json;
  item?: MapItem;
}

/** Records the events around each branch; Parallel passes an empty recorder, because its branches have no such events. */
export interface BranchRecorder {
  started?(branch: Branch, index: number): void;
  succeeded?(branch: Branch, index: number): void;
  failed?(branch: Branch, index: number): void;
  aborted?(branch: Branch, index: number): void;
}

/**
 * Runs branches, at most `concurrency` at once. @returns their outputs in order. "If any branch fails, … the entire
 * state is considered to have failed and all the branches are stopped" (developer guide, "Parallel").
 */
export async function runBranches(
  visit: Visit,
  started: BranchEvent,
  plans: readonly BranchPlan[],
  concurrency: number,
  recorder: BranchRecorder,
): Promise<Json[]> {
  const parent = visit.branch;
  replayFailure(parent);
  const stop = new AbortController();
  const signal = AbortSignal.any([parent.signal, stop.signal]);
  const branches: Branch[] = [];
  const outputs: Json[] = [];
  let failure: StateFailure | undefined;
  // The previous event of the next branch: the state's start, later the last event of the branch that made room.
  let previous = started.id;

  const runOne = async ({ group, input, item = parent.item }: BranchPlan, index: number): Promise<void> => {
    const path = `${parent.path}/${started.id}.${index}`;
    const branch = new Branch(parent.run, path, signal, previous, parent.variables, item);
    branches[index] = branch;
    try {
      recorder.started?.(branch, index);
      outputs[index] = await runStates(group, input, branch);
      branch.ended = true;
      previous = branch.previous;
      recorder.succeeded?.(branch, index);
      parent.previous = branch.last.id;
    } catch (thrown) {
      // This branch was stopped because another one failed.
      if (failure !== undefined) return;
      if (!(thrown instanceof StateFailure)) throw thrown;
      failure = thrown;
      // After a restart another branch may still be replaying.
      while (branches.some((one) => one !== branch && !one.ended && one.nextRecordedType() !== undefined))
        await setImmediate();
      recordFailure(parent, branches, branch, failure, recorder);
      stop.abort(new Stopped());
    }
  };

  const waiting = plans.entries();
  const worker = async (): Promise<void> => {
    for (const [index, plan] of waiting) {
      await runOne(plan, index);
      if (failure !== undefined) throw failure;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, plans.length) }, worker));
  return outputs;
}

/** Throws the failure that the journal holds. Branches that were stopped before a restart are not run again. */
function replayFailure(parent: Branch): void {
  if (parent.nextRecordedType() !== 'BranchesFailed') return;
  const details = parent.decideOnce('BranchesFailed', () => ({}));
  parent.previous = Number(details['previous']);
  throw StateFailure.fromDetails(details);
}

/** Records what the failure aborts and that it happened, in one go, so that a kill cannot come between. */
function recordFailure(
  parent: Branch,
  branches: readonly Branch[],
  failed: Branch,
  failure: StateFailure,
  recorder: BranchRecorder,
): void {
  const abortState = (branch: Branch) => {
    const type = branch.openState;
    if (type === undefined || !hasTrait(type, 'hasAbortedEvent')) return;
    branch.record(`${type}StateAborted`, undefined, { chained: false });
  };
  // As recorded on AWS: a failed iteration has an event of its own, a failed branch only that its state was aborted.
  if (recorder.failed !== undefined) recorder.failed(failed, branches.indexOf(failed));
  else abortState(failed);
  for (const [index, branch] of branches.entries()) {
    if (branch === failed || branch.ended) continue;
    abortState(branch);
    recorder.aborted?.(branch, index);
  }
  parent.previous = failed.previous;
  parent.decideOnce('BranchesFailed', () => ({ ...failure.details(), previous: failed.previous }));
}
