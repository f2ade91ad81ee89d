/** Settle and sweep: they too read, decide and write on condition, at the same time as everything else. */
import type { Protocol } from './guards.ts';
import { running, stopped, withSettle } from './machine.ts';
import type { Attempts, Emit, Ended, Execution, Job, Seen, Settle, State, Write } from './state.ts';
import { attemptOf, executionOf, hasEnded, replaced, withExecution } from './state.ts';
import { closing, commit, holds, reading } from './table.ts';

export function settleSteps(protocol: Protocol, state: State, emit: Emit): void {
  state.settles.forEach((settle, index) => {
    const become = (change: Partial<Settle>, from: State = state): State => ({
      ...from,
      settles: replaced(from.settles, index, { ...settle, ...change }),
    });
    const end = (from: State, succeeded: boolean): State => {
      const rest = { ...from, settles: replaced(from.settles, index, null) };
      if (settle.by !== 'machine' || executionOf(state, settle.execution).phase !== 'settle') return rest;
      return withExecution(rest, settle.execution, {
        phase: succeeded ? 'SUCCEEDED' : 'FAILED',
        event: false,
      });
    };
    const name = `Settle (${settle.by}) of execution #:`;
    const step = (label: string, next: State): void => {
      emit(`${name} ${label}`, settle.execution, 'step', next);
    };
    if (settle.phase === 'read' || settle.phase === 'half') {
      reading(protocol, state, settle.phase, settle.half, {
        first: (label, half) => {
          step(label, become({ phase: 'half', half }));
        },
        complete: (seen) => {
          const late = decideLate(protocol, state, settle, seen);
          if (late !== undefined) {
            const next = late === 'again' ? state : become({ phase: 'write', half: null, write: late });
            emit(`${name} the history is behind`, settle.execution, 'fault', next);
          }
          const decision = decideSettle(protocol, state, settle, seen);
          if (decision === 'duplicate') step('the job of another execution, nothing to do', end(state, true));
          else if (decision === 'clean')
            step('reads that the job has ended', become({ phase: 'clean', half: null }));
          else if (decision === 'again') step('reads again', become({ phase: 'read', half: null }));
          else {
            const next = unopenedEarly(protocol, state);
            step('reads, decides', become({ phase: 'write', half: null, write: decision }, next));
          }
        },
      });
    } else if (settle.phase === 'write') {
      if (settle.write === null || !holds(protocol, state, settle.write)) return;
      step('writes', become({ phase: 'clean', write: null }, commit(state, settle.write)));
    } else {
      const { job } = state;
      const own = hasEnded(job) && job.execution === settle.execution;
      const left = own ? { ...state, job: { ...job, open: false } } : state;
      step('deletes the Jobs, removes the job from `open`', end(left, job?.status === 'SUCCEEDED'));
    }
    // A retry changes nothing: it reads again. Here its retries are used up.
    const dead = end(state, false);
    const failed = settle.by === 'machine' && executionOf(dead, settle.execution).phase === 'FAILED';
    const crashed = failed ? withExecution(dead, settle.execution, { event: true }) : dead;
    emit(`${name} crashes`, settle.execution, 'fault', crashed);
  });
}

function unopenedEarly({ guards }: Protocol, state: State): State {
  if (guards.openLeftLast || state.job === null) return state;
  return { ...state, job: { ...state.job, open: false } };
}

/** Its own retries and the lost responses of its writes are not separate steps: it would read what it wrote. */
function decideSettle(
  protocol: Protocol,
  state: State,
  settle: Settle,
  { job, attempts }: Seen,
  late = false,
): Write | 'duplicate' | 'clean' | 'again' {
  const { maxAttempts } = state;
  const { guards } = protocol;
  const { phase, tries: counted, gaveUp } = executionOf(state, settle.execution);
  const status = verdictOf(settle.by === 'machine' ? 'settle' : phase);
  if (job === null) {
    if (!guards.settleCreates) return 'duplicate';
    return create(settle.execution, status);
  }
  if (job.execution !== settle.execution && guards.settleOwnExecution) return 'duplicate';
  // Without this guard the state of the execution decides, whatever the container recorded.
  if (hasEnded(job) && (guards.recordWins || status === 'FAILED' || job.status === status)) return 'clean';
  if (guards.fencedAttempt && missed(job, attempts)) return 'again';
  const tries = gaveUp === 'submit' && (late || !guards.settleSkipsSubmissions) ? counted + 1 : counted;
  const capped = guards.settleCap ? Math.min(tries, maxAttempts) : tries;
  const recorded = attempts.findLastIndex((attempt) => attempt !== null) + 1;
  const below = guards.settleClosesRecorded ? Math.max(capped, recorded) : capped;
  const which = { running: guards.settleClosesAttempts, missing: guards.settleClosesAttempts };
  const as = status === 'CANCELLED' ? 'CANCELLED' : 'FAILED';
  const closed = closing(protocol, attempts, below, { ...which, as });
  const count = { ...closed.count, jobs: 1 };
  return { kind: 'settle', job, set: { status }, attempts: closed.attempts, count, heartbeatMoved: false };
}

/** The decision if the history does not have the end of the last try yet, a failed submission; undefined: the same. */
function decideLate(
  protocol: Protocol,
  state: State,
  settle: Settle,
  seen: Seen,
): Write | 'again' | undefined {
  if (settle.by !== 'machine' || executionOf(state, settle.execution).gaveUp !== 'submit') return undefined;
  if (protocol.guards.settleAwaitsHistory) return 'again';
  const decision = decideSettle(protocol, state, settle, seen, true);
  return typeof decision === 'string' ? undefined : decision;
}

/** When the state machine itself calls, its execution is running, whatever happens to it meanwhile. */
function verdictOf(phase: Execution['phase']): Ended {
  if (phase === 'ABORTED') return 'CANCELLED';
  return phase === 'TIMED_OUT' ? 'TIMED_OUT' : 'FAILED';
}

/** Whether Start ran between two reads: that of the attempts, and then that of the job. */
export function missed(job: Job, attempts: Attempts): boolean {
  return job.attempt >= 0 && attemptOf(attempts, job.attempt) === null;
}

export function create(execution: number, status: Ended): Write {
  const set: Job = { status, execution, attempt: -1, runner: 0, open: true, permanent: false };
  return { kind: 'create', job: null, set, attempts: [], count: { jobs: 1 }, heartbeatMoved: false };
}

/** Sweep runs every few minutes: what it can do it will do, so its steps cost no fault. */
export function sweepSteps({ guards }: Protocol, state: State, emit: Emit): void {
  const { job } = state;
  const busy = (execution: number): boolean =>
    state.settles.some((settle) => settle.by === 'sweep' && settle.execution === execution);
  if (job !== null) {
    const { execution } = job;
    if (running(state, execution)) {
      // The execution of a job that ended otherwise is stopped only if it is stuck, as in the console.
      if (guards.sweepStops && job.status === 'CANCELLED')
        emit('sweep stops execution #', execution, 'step', stopped(state, execution, 'ABORTED'));
    } else if (guards.sweepOpen && job.open && !busy(execution)) {
      emit(
        'sweep finds the open job of execution #',
        execution,
        'step',
        withSettle(state, execution, 'sweep'),
      );
    }
    return;
  }
  if (!guards.sweepUnrecorded) return;
  state.executions.forEach(({ phase }, index) => {
    if ((phase !== 'FAILED' && phase !== 'ABORTED' && phase !== 'TIMED_OUT') || busy(index)) return;
    emit('sweep finds execution # without a record', index, 'step', withSettle(state, index, 'sweep'));
  });
}
