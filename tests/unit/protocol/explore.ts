/** Visits every state that can be reached, those with the fewest faults first, and records how. */
import type { Protocol } from './guards.ts';
import { wrongEnd, wrongState, wrongStep } from './invariants.ts';
import { keyOf } from './key.ts';
import { steps } from './model.ts';
import { initial, type State } from './state.ts';

export interface Violation {
  readonly problem: string;
  readonly faults: number;
  /** One line for each step; a line that begins with ! is a fault. */
  readonly trace: readonly string[];
}

export interface Exploration {
  readonly states: number;
  /** States in which only faults can change anything. */
  readonly ends: number;
  readonly violation: Violation | null;
}

interface Visit {
  readonly state: State;
  readonly key: string;
  readonly id: number;
  readonly problem: string | null;
}

/**
 * Explores breadth first within each number of faults. A state that is reached with fewer faults has all steps that it has
 * with more, so a state is visited once, and the first violation has the fewest faults and then the fewest steps.
 */
export function explore(
  protocol: Protocol,
  maxAttempts: number,
  faults: number,
  onStep?: (label: string) => void,
): Exploration {
  const seen = new Set<string>();
  const history = new History(protocol, maxAttempts);
  const start = initial(maxAttempts);
  let ends = 0;
  let layer: (Visit | null)[] = [{ state: start, key: keyOf(start), id: history.add(-1, -1), problem: null }];
  seen.add(keyOf(start));
  for (let used = 0; used <= faults; used += 1) {
    /** States that a fault leads to: they may still be reached without it. */
    const later = new Map<string, Visit>();
    for (let at = 0; at < layer.length; at += 1) {
      const visit = layer[at];
      if (!visit) break;
      // Otherwise half of the memory would be states that were visited already.
      layer[at] = null;
      const { state, key: own, id } = visit;
      let free = 0;
      steps(protocol, state, used < faults, (label, _subject, kind, next, choice) => {
        onStep?.(label);
        const problem = wrongStep(state, next) ?? wrongState(next);
        const key = keyOf(next);
        // A step that changes nothing (reading again what stays the same) leads to no new state.
        if (kind === 'step' && key !== own) free += 1;
        if (problem === null && (seen.has(key) || (kind === 'fault' && later.has(key)))) return;
        const found = { state: next, key, id: history.add(id, choice), problem };
        if (kind === 'fault') {
          later.set(key, found);
        } else {
          seen.add(key);
          layer.push(found);
        }
      });
      if (free === 0) ends += 1;
      const problem = visit.problem ?? (free === 0 ? wrongEnd(state) : null);
      if (problem === null) continue;
      return { states: seen.size, ends, violation: { problem, faults: used, trace: history.trace(id) } };
    }
    layer = [];
    for (const [key, visit] of later) {
      if (seen.has(key) && visit.problem === null) continue;
      seen.add(key);
      layer.push(visit);
    }
  }
  return { states: seen.size, ends, violation: null };
}

/** How each state was reached: from which state, by which of its steps. This is enough to repeat a trace. */
class History {
  readonly #parents: number[] = [];
  readonly #choices: number[] = [];
  readonly #protocol: Protocol;
  readonly #maxAttempts: number;

  constructor(protocol: Protocol, maxAttempts: number) {
    this.#protocol = protocol;
    this.#maxAttempts = maxAttempts;
  }

  add(parent: number, choice: number): number {
    this.#choices.push(choice);
    return this.#parents.push(parent) - 1;
  }

  trace(last: number): string[] {
    const path: number[] = [];
    for (let id = last; id > 0; id = this.#parents[id] ?? 0) path.push(this.#choices[id] ?? 0);
    let state = initial(this.#maxAttempts);
    return path.reverse().map((wanted) => {
      let line = '';
      let after = state;
      steps(this.#protocol, state, true, (label, subject, kind, next, choice) => {
        if (choice !== wanted) return;
        line = `${kind === 'fault' ? '! ' : ''}${label.replace('#', String(subject))}`;
        after = next;
      });
      state = after;
      return line;
    });
  }
}

/** Finds a cycle of steps without a fault and without a heartbeat: something could continue without end. */
export function findCircle(
  protocol: Protocol,
  maxAttempts: number,
  faults: number,
): readonly string[] | null {
  const finished = new Set<string>();
  let roots = new Map([[keyOf(initial(maxAttempts)), initial(maxAttempts)]]);
  for (let used = 0; used <= faults; used += 1) {
    const later = new Map<string, State>();
    for (const [rootKey, root] of roots) {
      if (finished.has(rootKey)) continue;
      const onPath = new Map<string, string>();
      const stack = [{ key: rootKey, label: 'start', todo: successors(protocol, root, later) }];
      onPath.set(rootKey, 'start');
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        const next = top.todo.pop();
        if (next === undefined) {
          stack.pop();
          onPath.delete(top.key);
          finished.add(top.key);
        } else if (onPath.has(next.key)) {
          return [...onPath.values(), next.label];
        } else if (!finished.has(next.key)) {
          onPath.set(next.key, next.label);
          stack.push({ key: next.key, label: next.label, todo: successors(protocol, next.state, later) });
        }
      }
    }
    roots = later;
  }
  return null;
}

interface Successor {
  readonly key: string;
  readonly label: string;
  readonly state: State;
}

function successors(protocol: Protocol, state: State, later: Map<string, State>): Successor[] {
  const free: Successor[] = [];
  steps(protocol, state, true, (label, subject, kind, next) => {
    const key = keyOf(next);
    if (kind === 'fault') later.set(key, next);
    else if (!label.endsWith(': heartbeat'))
      free.push({ key, label: label.replace('#', String(subject)), state: next });
  });
  return free;
}
