/** The container: read, decide, write on condition; run; record the outcome; exit. And all that can happen to it. */
import type { Protocol } from './guards.ts';
import { replaceContainer, submissionFailed, tryFailed, trySucceeded } from './machine.ts';
import { decideStart } from './start.ts';
import type { Container, Emit, State } from './state.ts';
import { attemptOf, excused, hasEnded, machineTries, replaced } from './state.ts';
import { commit, heartbeat, holds, isWatching, owns, ownWrite, reading } from './table.ts';

export function containerSteps(protocol: Protocol, state: State, emit: Emit): void {
  state.containers.forEach((container, index) => {
    const become = (change: Partial<Container>, from: State = state): State => ({
      ...from,
      containers: replaced(from.containers, index, { ...container, ...change }),
    });
    const step = { protocol, state, container, emit, become };
    reads(step);
    if (container.phase === 'write') writes(step);
    if (container.phase === 'run') runs(step);
    if (container.phase === 'unsure') readsBack(step);
    if (container.phase === 'exit' && container.current) exits(step);
    accidents(step, index);
  });
}

interface Step {
  readonly protocol: Protocol;
  readonly state: State;
  readonly container: Container;
  readonly emit: Emit;
  readonly become: (change: Partial<Container>, from?: State) => State;
}

function reads({ protocol, state, container, emit, become }: Step): void {
  const subject = container.try;
  if (container.phase !== 'read' && container.phase !== 'half') return;
  reading(protocol, state, container.phase, container.half, {
    first: (label, half) => {
      emit(`pod of try #: ${label}`, subject, 'step', become({ phase: 'half', half }));
    },
    complete: (seen) => {
      const decision = decideStart(protocol, state.maxAttempts, container, seen);
      emit(`pod of try #: ${decision.label}`, subject, 'step', become({ half: null, ...decision.change }));
    },
  });
}

function writes({ protocol, state, container, emit, become }: Step): void {
  const write = container.write;
  if (write === null || !holds(protocol, state, write)) return;
  const { kind } = write;
  let next = commit(state, write);
  const victim = state.containers.find(
    ({ runner, phase }) => runner === write.job?.runner && (phase === 'run' || phase === 'half'),
  );
  const taken = kind === 'takeOver' || kind === 'tooOften';
  if (taken) {
    // A runner that was only slow (or takes a long time to read back) loses its attempt: harmless, but a reason for its Job
    // to fail.
    if (victim?.current === true) next = excused(next, victim.try);
    if (victim !== undefined && write.heartbeatMoved)
      next = { ...next, broken: 'a runner with a heartbeat lost its attempt' };
    if (kind === 'tooOften') next = excused(next, container.try);
  }
  const ended = hasEnded(next.job);
  const code = verdictCode(protocol, state, ended, kind === 'beyondLast');
  const after: Partial<Container> =
    kind === 'tooOften' || kind === 'beyondLast'
      ? { phase: 'exit', write: null, exitCode: code, verdict: ended }
      : { phase: 'run', write: null };
  emit(`pod of try #: writes ${kind}`, container.try, 'step', become(after, next));
  emit(
    `pod of try #: writes ${kind}, the response is lost`,
    container.try,
    'fault',
    become({ phase: 'read', write: null }, next),
  );
}

/** The exit code of a verdict: 0 stops the state machine's retries; after its last try there is nothing to stop. */
function verdictCode({ guards }: Protocol, state: State, verdict: boolean, final: boolean): number {
  return verdict && guards.verdictExitsZero && (final || state.maxAttempts < machineTries) ? 0 : 75;
}

const outcomes = ['success', 'a permanent failure', 'a retryable failure', 'RunTimedOut'] as const;

function runs({ protocol, state, container, emit, become }: Step): void {
  if (!owns(protocol, state, container)) return;
  const number = container.try;
  for (const outcome of outcomes) {
    const last = number + 1 === state.maxAttempts;
    // Before the last attempt, RunTimedOut is a retryable failure like any other.
    if (outcome === 'RunTimedOut' && !last) continue;
    const verdict =
      outcome === 'success' || outcome === 'a permanent failure' || (last && protocol.guards.lastVerdict);
    const status = outcome === 'success' ? 'SUCCEEDED' : 'FAILED';
    const end = {
      status: outcome === 'RunTimedOut' ? 'TIMED_OUT' : status,
      permanent: outcome === 'a permanent failure',
    } as const;
    const write = ownWrite(
      container,
      { status, marked: false },
      {
        set: verdict ? end : {},
        count: {
          succeedJob: outcome === 'success' ? 1 : 0,
          failedJob: outcome === 'success' ? 0 : 1,
          jobs: verdict ? 1 : 0,
        },
      },
    );
    const next = heartbeat(
      outcome === 'success' ? commit(state, write) : excused(commit(state, write), number),
      container.runner,
    );
    const exitCode = outcome === 'success' ? 0 : verdictCode(protocol, state, verdict, end.permanent);
    const after = { exitCode, verdict };
    emit(`pod of try #: records ${outcome}`, number, 'step', become({ ...after, phase: 'exit' }, next));
    emit(
      `pod of try #: records ${outcome}, the response is lost`,
      number,
      'fault',
      become({ ...after, phase: 'unsure' }, next),
    );
  }
  if (state.containers.some((other) => isWatching(other, container.runner))) {
    emit('pod of try #: heartbeat', number, 'step', heartbeat(state, container.runner));
  }
}

function readsBack({ protocol, state, container, emit, become }: Step): void {
  const own = attemptOf(state.attempts, container.try);
  const there =
    protocol.guards.finishReadsBack &&
    own !== null &&
    own.status !== 'RUNNING' &&
    own.runner === container.runner;
  const change = there ? ({ phase: 'exit' } as const) : ({ phase: 'exit', exitCode: 75 } as const);
  emit('pod of try #: reads back whether its outcome is there', container.try, 'step', become(change));
}

/** The Job completes or fails, and the state machine, which polls it, sees that: one step, because nothing else reads it. */
function exits({ state, container, emit }: Step): void {
  const { execution, exitCode, verdict } = container;
  const rest = { ...state, containers: state.containers.filter((other) => other !== container) };
  if (exitCode === 0) {
    emit('pod of try #: exits 0, its Job is complete', container.try, 'step', trySucceeded(rest, execution));
    return;
  }
  const wasted = verdict && container.try + 1 < machineTries;
  const next = {
    ...tryFailed(rest, execution),
    broken: wasted ? 'a verdict did not stop the retries' : state.broken,
  };
  emit('pod of try #: exits 75, its Job has failed', container.try, 'step', next);
}

function accidents({ protocol, state, container, emit, become }: Step, index: number): void {
  const { execution, try: number } = container;
  const gone: State = { ...state, containers: replaced(state.containers, index, null) };
  const alone = become({ current: false });
  if (!container.current) {
    emit('old pod of try #: vanishes', number, 'step', gone);
    return;
  }
  emit(
    'pod of try #: is killed (-9) or never starts, its Job has failed',
    number,
    'fault',
    tryFailed(excused(gone, number), execution),
  );
  emit(
    'pod of try #: is lost with its node and replaced',
    number,
    'fault',
    replaceContainer(gone, execution, number),
  );
  emit(
    'pod of try #: is cut off, lives on and is replaced',
    number,
    'fault',
    replaceContainer(alone, execution, number),
  );
  emit('RunJob # fails, its Job lives on', number, 'fault', tryFailed(excused(alone, number), execution));
  // Immediately after the creation: its response was lost, or the API server responded 5xx although it created the Job.
  emit(
    'RunJob # fails as if the cluster had not accepted its Job, which lives on',
    number,
    'fault',
    submissionFailed(protocol, alone, execution, number),
  );
  if (container.phase !== 'run' || !owns(protocol, state, container)) return;
  const marked = interrupt(protocol, gone, container);
  emit(
    'pod of try #: SIGTERM, marks its attempt, exits 143 and is replaced',
    number,
    'fault',
    replaceContainer(marked, execution, number),
  );
  emit(
    'pod of try #: SIGTERM, marks its attempt, exits 143, its Job has failed',
    number,
    'fault',
    tryFailed(excused(marked, number), execution),
  );
}

function interrupt({ guards }: Protocol, state: State, container: Container): State {
  const own = attemptOf(state.attempts, container.try);
  const set = guards.interruptCountsNothing
    ? { marked: true, interruptions: (own?.interruptions ?? 0) + 1 }
    : ({ status: 'FAILED' } as const);
  const count = guards.interruptCountsNothing ? {} : { failedJob: 1 };
  return heartbeat(commit(state, ownWrite(container, set, { count })), container.runner);
}
