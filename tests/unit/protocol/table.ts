/** The table: whether a transaction's conditions hold, what it changes, and the attempts it has to close. */
import type { Guard, Protocol } from './guards.ts';
import type {
  Attempt,
  AttemptStatus,
  AttemptWrite,
  Attempts,
  Container,
  Counters,
  Half,
  Seen,
  State,
  Write,
} from './state.ts';
import { attemptOf } from './state.ts';

type Guards = Readonly<Record<Guard, boolean>>;

/** A transaction is applied as a whole when every condition holds, and otherwise not at all. */
export function holds({ guards }: Protocol, state: State, write: Write): boolean {
  if (write.job === null) {
    if (state.job !== null) return false;
  } else {
    if (state.job === null) return false;
    if (guards.fenceExecution && state.job.execution !== write.job.execution) return false;
    if (guards.fenceStatus && state.job.status !== write.job.status) return false;
    if (guards.fenceAttempt && state.job.attempt !== write.job.attempt) return false;
    if (guards.fenceRunner && state.job.runner !== write.job.runner) return false;
    if (guards.seenHeartbeat && write.heartbeatMoved) return false;
  }
  return write.attempts.every((attempt) =>
    attemptHolds(guards, attemptOf(state.attempts, attempt.number), attempt),
  );
}

function attemptHolds(guards: Guards, current: Attempt | null, { read }: AttemptWrite): boolean {
  if (read === null) return current === null || !guards.attemptNotExists;
  if (current === null) return false;
  if (guards.attemptOpen && current.status !== 'RUNNING') return false;
  return !guards.attemptRunner || current.runner === read.runner;
}

const unregistered = {
  status: 'QUEUED',
  execution: 0,
  attempt: -1,
  runner: 0,
  open: true,
  permanent: false,
} as const;
const unstarted: Attempt = { status: 'RUNNING', runner: 0, marked: false, interruptions: 0 };

/** Applies a transaction to the table. The caller has checked `holds` in the same step. */
export function commit(state: State, write: Write): State {
  const attempts = state.attempts.slice();
  for (const { number, read, set } of write.attempts) {
    const before = read === null ? unstarted : (attemptOf(attempts, number) ?? unstarted);
    attempts[number] = { ...before, ...set };
  }
  return {
    ...state,
    job: { ...(state.job ?? unregistered), ...write.set },
    attempts,
    counters: sum(state.counters, write.count),
  };
}

function sum(left: Counters, right: Partial<Counters>): Counters {
  return {
    succeedJob: left.succeedJob + (right.succeedJob ?? 0),
    failedJob: left.failedJob + (right.failedJob ?? 0),
    jobRetry: left.jobRetry + (right.jobRetry ?? 0),
    jobs: left.jobs + (right.jobs ?? 0),
  };
}

/** Reads at once, or one item after the other; between two reads anything may happen. */
export function reading(
  { reads }: Protocol,
  state: State,
  phase: 'read' | 'half',
  half: Half | null,
  way: { readonly first: (label: string, half: Half) => void; readonly complete: (seen: Seen) => void },
): void {
  if (phase === 'half') {
    way.complete({ job: state.job, attempts: state.attempts, ...half });
  } else if (reads === 'together') {
    way.complete(state);
  } else {
    way.first('reads the job', { job: state.job });
    if (reads === 'apart') way.first('reads the attempts', { attempts: state.attempts });
  }
}

interface Closing {
  readonly attempts: readonly AttemptWrite[];
  readonly count: Partial<Counters>;
}

/**
 * Closes the attempts below a number that are RUNNING or missing; `as` is the status of the last of them, FAILED that of
 * the others. A cancelled attempt is in neither succeedJob nor failedJob; a missing one above 0 was a retry.
 */
export function closing(
  { guards }: Protocol,
  seen: Attempts,
  below: number,
  which: { readonly running: boolean; readonly missing: boolean; readonly as?: AttemptStatus },
): Closing {
  const attempts: AttemptWrite[] = [];
  let failedJob = 0;
  let jobRetry = 0;
  for (let number = 0; number < below; number += 1) {
    const read = attemptOf(seen, number);
    if (read === null ? !which.missing : read.status !== 'RUNNING' || !which.running) continue;
    const status = number === below - 1 ? (which.as ?? 'FAILED') : 'FAILED';
    attempts.push({ number, read, set: { status, marked: false } });
    if (status === 'FAILED') failedJob += 1;
    if (read === null && number > 0 && guards.retryForMissing) jobRetry += 1;
  }
  return { attempts, count: { failedJob, jobRetry } };
}

/** Makes the write of the container that owns an attempt: it knows the fence and needs no read. */
export function ownWrite(container: Container, set: Partial<Attempt>, rest: Partial<Write>): Write {
  const runner = container.runner;
  return {
    kind: 'start',
    job: {
      ...unregistered,
      status: 'RUNNING',
      execution: container.execution,
      attempt: container.try,
      runner,
    },
    set: {},
    attempts: [{ number: container.try, read: { ...unstarted, runner }, set }],
    count: {},
    heartbeatMoved: false,
    ...rest,
  };
}

export function owns(protocol: Protocol, state: State, container: Container): boolean {
  return holds(protocol, state, ownWrite(container, {}, {}));
}

/** The heartbeat of the job's runner changed: a container that waits for it to stay the same starts to wait again. */
export function heartbeat(state: State, runner: number): State {
  if (!state.containers.some((container) => isWatching(container, runner))) return state;
  const containers = state.containers.map((container) =>
    isWatching(container, runner) && container.write !== null
      ? { ...container, write: { ...container.write, heartbeatMoved: true } }
      : container,
  );
  return { ...state, containers };
}

export function isWatching(container: Container, runner: number): boolean {
  const write = container.write;
  if (write === null || (write.kind !== 'takeOver' && write.kind !== 'tooOften')) return false;
  return write.job?.runner === runner && !write.heartbeatMoved;
}
