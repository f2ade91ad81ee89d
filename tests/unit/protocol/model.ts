/** All steps of the model. Steps that need no exploration are taken at once. */
import { cancelSteps } from './cancel.ts';
import { containerSteps } from './container.ts';
import type { Protocol } from './guards.ts';
import { machineSteps } from './machine.ts';
import { settleSteps, sweepSteps } from './settle.ts';
import type { Container, Emit, State } from './state.ts';
import { attemptOf, hasEnded } from './state.ts';
import { holds, owns } from './table.ts';

export type Visit = (
  label: string,
  subject: number,
  kind: 'step' | 'fault',
  next: State,
  /** The number of the step among the state's steps; the same state has the same steps in the same order. */
  choice: number,
) => void;

export function steps(protocol: Protocol, state: State, faults: boolean, visit: Visit): void {
  let choice = -1;
  const tidied: Emit = (label, subject, kind, next) => {
    choice += 1;
    if (kind === 'step' || faults) visit(label, subject, kind, tidy(protocol, next), choice);
  };
  machineSteps(protocol, state, tidied);
  containerSteps(protocol, state, tidied);
  settleSteps(protocol, state, tidied);
  sweepSteps(protocol, state, tidied);
  cancelSteps(protocol, state, tidied);
}

/**
 * Takes at once the steps that change nothing that another process can see, so that their interleavings need no exploration.
 * A write whose condition fails changes nothing. A condition that has failed stays failed (a status never goes back, a runner
 * never appears twice), or, if it holds again, it is what another read would find: so the writer reads again now. A container
 * that lost its attempt can only find that out. An old container that would only exit can be removed. Each of these is a step
 * that the protocol may really take at this moment, whichever guard is removed: traces stay true.
 */
function tidy(protocol: Protocol, state: State): State {
  let changed = false;
  const containers: Container[] = [];
  for (const container of state.containers) {
    const tidied = tidyContainer(protocol, state, container);
    if (tidied !== container) changed = true;
    if (tidied !== null) containers.push(tidied);
  }
  const settles = state.settles.some(({ write }) => write !== null && !holds(protocol, state, write))
    ? state.settles.map((settle) =>
        settle.write !== null && !holds(protocol, state, settle.write)
          ? ({ ...settle, phase: 'read', write: null } as const)
          : settle,
      )
    : state.settles;
  const stale = state.cancel.write !== null && !holds(protocol, state, state.cancel.write);
  if (!changed && !stale && settles === state.settles) return state;
  const cancel = stale ? ({ ...state.cancel, phase: 'read', write: null } as const) : state.cancel;
  return { ...state, containers, settles, cancel };
}

function tidyContainer(protocol: Protocol, state: State, container: Container): Container | null {
  let { phase, write, exitCode } = container;
  if (phase === 'write' && write !== null && !holds(protocol, state, write)) {
    phase = 'read';
    write = null;
  }
  if (phase === 'run' && !owns(protocol, state, container)) {
    phase = 'exit';
    exitCode = exitCodeAfterRejection(protocol, state, container);
  }
  if (
    !container.current &&
    (phase === 'exit' || (phase === 'read' && isPointless(protocol, state, container)))
  )
    return null;
  return phase === container.phase ? container : { ...container, phase, write, exitCode };
}

/** The exit code when Finish was rejected: the container reads back and does not find its outcome, also if others closed its attempt. */
function exitCodeAfterRejection({ guards }: Protocol, state: State, container: Container): number {
  const own = attemptOf(state.attempts, container.try);
  const closedByOthers = own !== null && own.status !== 'RUNNING' && own.runner === container.runner;
  return !guards.lostExitsRetry || (closedByOthers && !guards.readBackCompares) ? 0 : 75;
}

/** Whether the container will exit without a write, whatever it reads. */
function isPointless({ guards }: Protocol, state: State, container: Container): boolean {
  if (guards.startTerminal && hasEnded(state.job)) return true;
  const own = attemptOf(state.attempts, container.try);
  return guards.startStale && own !== null && own.status !== 'RUNNING';
}
