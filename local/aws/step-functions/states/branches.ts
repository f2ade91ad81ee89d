import { setImmediate } from 'node:timers/promises';
import { Branch } from '../branch.ts';
import type { Event, MapItem } from '../branch.ts';
import type { StateGroup } from '../state-machine-definition.ts';
import { StateFailure, Stopped } from '../errors.ts';
import { runStates } from '../interpreter.ts';
import type { Json } from '../json.ts';
import type { Visit } from '../visit.ts';

/** One of several paths that run at once. */
export interface BranchPlan {
  group: StateGroup;
  input: Json;
  item?: MapItem;
}

/** What is recorded around each branch; a Parallel state's branches have no events of their own. */
export interface BranchEvents {
  started?(branch: Branch, index: number): void;
  succeeded?(branch: Branch, index: number): void;
  failed?(branch: Branch, index: number): void;
  aborted?(branch: Branch, index: number): void;
}

/**
 * Runs branches, at most `concurrency` at once, and gives their outputs in order. "If any branch fails, … the entire state
 * is considered to have failed and all the branches are stopped" (developer guide, "Parallel").
 */
export async function runBranches(
  visit: Visit,
  started: Event,
  plans: readonly BranchPlan[],
  concurrency: number,
  events: BranchEvents,
): Promise<Json[]> {
  const parent = visit.branch;
  failAgain(parent);
  const stop = new AbortController();
  const signal = AbortSignal.any([parent.signal, stop.signal]);
  const branches: Branch[] = [];
  const outputs: Json[] = [];
  let failure: StateFailure | undefined;
  // The event that the next branch to begin follows: the state's start, later the last event of the one that made room.
  let previous = started.id;

  const runOne = async ({ group, input, item = parent.item }: BranchPlan, index: number): Promise<void> => {
    const path = `${parent.path}/${started.id}.${index}`;
    const branch = new Branch(parent.run, path, signal, previous, parent.variables, item);
    branches[index] = branch;
    try {
      events.started?.(branch, index);
      outputs[index] = await runStates(group, input, branch);
      branch.ended = true;
      previous = branch.previous;
      events.succeeded?.(branch, index);
      parent.previous = branch.last.id;
    } catch (thrown) {
      // What a branch does that was stopped for another's failure is of no interest.
      if (failure !== undefined) return;
      if (!(thrown instanceof StateFailure)) throw thrown;
      failure = thrown;
      // After a restart another branch may not yet be back where it stood.
      while (branches.some((one) => one !== branch && !one.ended && one.upcoming() !== undefined))
        await setImmediate();
      recordFailure(parent, branches, branch, failure, events);
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

/** After a restart branches that were stopped are not run again: where they stood is of no interest any more. */
function failAgain(parent: Branch): void {
  if (parent.upcoming() !== 'BranchesFailed') return;
  const details = parent.note('BranchesFailed', () => ({}));
  parent.previous = Number(details['previous']);
  throw StateFailure.fromDetails(details);
}

/** States that were entered and not left are aborted; only these types of state have an event for it. */
const ABORTABLE = ['Task', 'Wait', 'Parallel', 'Map'];

/** All at once, so that no kill comes between: what the failure aborts, and that it happened. */
function recordFailure(
  parent: Branch,
  branches: readonly Branch[],
  failed: Branch,
  failure: StateFailure,
  events: BranchEvents,
): void {
  const abortState = (branch: Branch) => {
    if (branch.open === undefined || !ABORTABLE.includes(branch.open)) return;
    branch.record(`${branch.open}StateAborted`, undefined, { leads: false });
  };
  // As recorded on AWS: a failed iteration has an event of its own, a failed branch only that its state was aborted.
  if (events.failed !== undefined) events.failed(failed, branches.indexOf(failed));
  else abortState(failed);
  for (const [index, branch] of branches.entries()) {
    if (branch === failed || branch.ended) continue;
    abortState(branch);
    events.aborted?.(branch, index);
  }
  parent.previous = failed.previous;
  parent.note('BranchesFailed', () => ({ ...failure.details(), previous: failed.previous }));
}
