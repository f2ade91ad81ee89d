import type { State } from './state-machine-definition.ts';

/** How types of states differ, besides what they do (states/). */
type StateTrait =
  /** Exactly one of Next and End is required. */
  | 'needsNextOrEnd'
  /** It has a result: its Assign and Output may use $states.result. */
  | 'hasResult'
  /** The history has an event for it when it is aborted: <Type>StateAborted. */
  | 'hasAbortedEvent'
  /** It runs branches, which begin with the event <Type>StateStarted. */
  | 'hasBranches'
  /** As recorded on AWS, its EvaluationFailed follows its StateEntered; in other types, the event before that. */
  | 'entersBeforeEvaluation';

/** The traits of each type of state; the compiler requires an entry for a new type. */
const traits: Readonly<Record<State['Type'], readonly StateTrait[]>> = {
  Pass: ['needsNextOrEnd'],
  Task: ['needsNextOrEnd', 'hasResult', 'hasAbortedEvent'],
  Choice: [],
  Wait: ['needsNextOrEnd', 'hasAbortedEvent', 'entersBeforeEvaluation'],
  Succeed: [],
  Fail: [],
  Parallel: ['needsNextOrEnd', 'hasResult', 'hasAbortedEvent', 'hasBranches'],
  Map: ['needsNextOrEnd', 'hasResult', 'hasAbortedEvent', 'hasBranches'],
};

/** Checks whether a type of state has a trait. */
export const hasTrait = (type: State['Type'], trait: StateTrait): boolean => traits[type].includes(trait);

/** Lists the types of states that have a trait. */
export const typesWith = (trait: StateTrait): string[] =>
  Object.entries(traits).flatMap(([type, its]) => (its.includes(trait) ? [type] : []));
