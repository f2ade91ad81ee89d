/** The state machine's executions, and what stops them: Register, the tries of RunJob, aborts, events, duplicates. */
import type { Protocol } from './guards.ts';
import type { Emit, Execution, State } from './state.ts';
import { excused, executionOf, isRunning, machineTries, withExecution } from './state.ts';

export function machineSteps(protocol: Protocol, state: State, emit: Emit): void {
  state.executions.forEach((execution, index) => {
    switch (execution.phase) {
      case 'absent':
        emit(
          'another execution is started for the same job (#)',
          index,
          'fault',
          withExecution(state, index, { phase: 'register' }),
        );
        return;
      case 'register':
      case 'registerAgain':
        register(protocol, state, index, emit);
        break;
      case 'backoff': {
        const number = execution.next;
        const begun = withExecution(state, index, { phase: 'run', next: number + 1 });
        emit('RunJob creates the Job of try #', number, 'step', replaceContainer(begun, index, number));
        emit('RunJob # fails, no Job', number, 'fault', tryFailed(excused(begun, number), index));
        const rejected = submissionFailed(protocol, begun, index, number);
        emit('the cluster does not accept the Job of try #', number, 'fault', rejected);
        emit('the cluster does not accept the Job of try # for hours', number, 'fault', gaveUp(state, index));
        break;
      }
      case 'run':
      case 'settle':
        break;
      case 'SUCCEEDED':
      case 'FAILED':
      case 'ABORTED':
      case 'TIMED_OUT':
        event(state, execution, index, emit);
        return;
    }
    emit('execution # is aborted in the console', index, 'fault', stopped(state, index, 'ABORTED'));
    emit('execution # reaches its time limit', index, 'fault', stopped(state, index, 'TIMED_OUT'));
  });
}

function register({ guards }: Protocol, state: State, index: number, emit: Emit): void {
  const { job } = state;
  const again =
    guards.registerOwnRetry &&
    job?.execution === index &&
    (job.status === 'QUEUED' || !guards.registerOnlyQueued);
  const settling = toSettle(state, index);
  if (job !== null && !again && guards.registerNotExists) {
    emit('Register of execution # is rejected', index, 'step', settling);
    return;
  }
  const put: State = {
    ...state,
    job: { status: 'QUEUED', execution: index, attempt: -1, runner: 0, open: true, permanent: false },
  };
  emit('Register of execution #', index, 'step', withExecution(put, index, { phase: 'backoff' }));
  emit(
    'Register of execution #, the response is lost',
    index,
    'fault',
    withExecution(put, index, { phase: 'registerAgain' }),
  );
  emit(
    'Register of execution # fails for good',
    index,
    'fault',
    withExecution(settling, index, { gaveUp: 'register' }),
  );
}

/** Follows the events of executions; that of a settled job has nothing to do. */
function event(state: State, execution: Execution, index: number, emit: Emit): void {
  if (!execution.event) return;
  const taken = withExecution(state, index, { event: false });
  emit('the event of execution # reaches settle-job', index, 'step', withSettle(taken, index, 'event'));
  emit('the event of execution # is lost', index, 'fault', taken);
}

export function trySucceeded(state: State, index: number): State {
  return toSettle(tryCounted(state, index), index);
}

/** The history has one more try that is not a failed submission. */
function tryCounted(state: State, index: number): State {
  const { next, tries } = executionOf(state, index);
  return withExecution(state, index, { tries: Math.max(tries, next) });
}

/** RunJob retries until the tries of this visit are used up. */
export function tryFailed(state: State, index: number): State {
  const { retries } = executionOf(state, index);
  const counted = tryCounted(state, index);
  if (retries + 1 === machineTries) return toSettle(counted, index);
  return withExecution(counted, index, { phase: 'backoff', retries: retries + 1 });
}

/**
 * RunJob ends with the error of a failed submission, whether its Job exists or not. The state machine waits and visits RunJob
 * again; the attempt keeps its number. `number` is this try's.
 */
export function submissionFailed(
  { guards, retryCountInCatch }: Protocol,
  state: State,
  index: number,
  number: number,
): State {
  const visited = { phase: 'backoff', retries: 0 } as const;
  if (!guards.submissionNotCounted) return withExecution(state, index, visited);
  const next = retryCountInCatch ? number : number - executionOf(state, index).retries;
  return withExecution(state, index, { ...visited, next });
}

/** The loop ends. If a Job was created although its submission failed, Settle ends its attempt, too. */
function gaveUp(state: State, index: number): State {
  let next = withExecution(toSettle(state, index), index, { gaveUp: 'submit' });
  for (const container of state.containers) {
    if (container.execution === index) next = excused(next, container.try);
  }
  state.attempts.forEach((attempt, number) => {
    if (attempt?.status === 'RUNNING') next = excused(next, number);
  });
  return next;
}

function toSettle(state: State, index: number): State {
  return withSettle(withExecution(state, index, { ...untried, phase: 'settle' }), index, 'machine');
}

/** No try follows: states that differ only in the number of the next one are one. */
const untried = { next: 0, retries: 0 } as const;

export function withSettle(state: State, execution: number, by: 'machine' | 'event' | 'sweep'): State {
  const settle = { execution, by, phase: 'read', half: null, write: null } as const;
  return { ...state, settles: [...state.settles, settle] };
}

/** Stops an execution. The exit codes of its containers have no effect any more, but they live until Settle deletes their Jobs. */
export function stopped(state: State, index: number, phase: 'ABORTED' | 'TIMED_OUT'): State {
  const { phase: before } = executionOf(state, index);
  // A try that has begun is in the history.
  const counted = before === 'run' ? tryCounted(state, index) : state;
  let next = withExecution(counted, index, { ...untried, phase, event: true });
  next = {
    ...next,
    containers: next.containers.map((container) =>
      container.execution === index ? { ...container, current: false } : container,
    ),
  };
  if (state.job !== null && state.job.execution !== index) return next;
  for (let number = 0; number < machineTries; number += 1) next = excused(next, number);
  return next;
}

/** Adds a Job's new container; its runner is random, so it differs from all before. */
export function replaceContainer(state: State, execution: number, number: number): State {
  const taken = [
    ...state.containers.map((container) => container.runner),
    ...state.attempts.map((attempt) => attempt?.runner ?? 0),
    state.job?.runner ?? 0,
  ];
  const container = {
    runner: Math.max(...taken) + 1,
    execution,
    try: number,
    current: true,
    phase: 'read',
    half: null,
    write: null,
    exitCode: 0,
    verdict: false,
  } as const;
  return { ...state, containers: [...state.containers, container] };
}

export function running(state: State, index: number): boolean {
  return isRunning(executionOf(state, index));
}
