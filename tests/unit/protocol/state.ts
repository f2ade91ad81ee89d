/** What the world of one job consists of. Everything is immutable: a step makes a new state and shares the rest. */
export const MACHINE_TRIES = 3;
/** Five in the protocol; two here, so that the few faults of the model reach it. */
export const INTERRUPTION_LIMIT = 2;

export type Ended = 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT';
export type JobStatus = 'QUEUED' | 'RUNNING' | Ended;
export type AttemptStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

export interface Job {
  readonly status: JobStatus;
  /** 0 is the execution that is named after the job, 1 another one that was started for the same job id. */
  readonly execution: number;
  /** -1 and 0 stand for attributes that are not there yet. */
  readonly attempt: number;
  readonly runner: number;
  readonly open: boolean;
  /** The job's error is one that no retry can mend. */
  readonly permanent: boolean;
}

export interface Attempt {
  readonly status: AttemptStatus;
  readonly runner: number;
  /** Its runner was told to stop and said so (`interruptedAt`). */
  readonly marked: boolean;
  readonly interruptions: number;
}

export type Attempts = readonly (Attempt | null)[];

export interface Counters {
  readonly succeedJob: number;
  readonly failedJob: number;
  readonly jobRetry: number;
  /** All of `jobs.*` together: how often a job was counted as ended. */
  readonly jobs: number;
}

/** One transaction, decided upon what was read and not yet written. */
export interface Write {
  readonly kind: 'create' | 'start' | 'takeOver' | 'tooOften' | 'beyondLast' | 'settle' | 'cancel';
  /** The job item as it was read; null: there was none. */
  readonly job: Job | null;
  readonly set: Partial<Job>;
  readonly attempts: readonly AttemptWrite[];
  readonly count: Partial<Counters>;
  /** Only for taking over: the beat moved since it was read. */
  readonly beatMoved: boolean;
}

export interface AttemptWrite {
  readonly number: number;
  /** The attempt as it was read; null: there was none. */
  readonly read: Attempt | null;
  readonly set: Partial<Attempt>;
}

/** What a decision is made from. */
export interface Seen {
  readonly job: Job | null;
  readonly attempts: Attempts;
}

/** The first of two reads; the other is still to come. */
export type Half = { readonly job: Job | null } | { readonly attempts: Attempts };

/** The phases of whoever reads, decides and writes. */
export type Phase = 'read' | 'half' | 'write';

export interface Container {
  readonly runner: number;
  readonly execution: number;
  readonly try: number;
  /** The Job waits for this container; the others live on unseen (an old node, a Job that was given up). */
  readonly current: boolean;
  readonly phase: Phase | 'run' | 'unsure' | 'exit';
  readonly half: Half | null;
  readonly write: Write | null;
  readonly exitCode: number;
  /** It ended the job itself: its exit code must stop the retries. */
  readonly verdict: boolean;
}

export interface Execution {
  readonly phase:
    | 'absent'
    | 'register'
    | 'registerAgain'
    | 'backoff'
    | 'run'
    | 'settle'
    | 'SUCCEEDED'
    | 'FAILED'
    | 'ABORTED'
    | 'TIMED_OUT';
  /** How many tries of RunJob its history shows. */
  readonly tries: number;
  /** Its status event is under way to settle-job. */
  readonly event: boolean;
  /** Register failed for good, so that no try was made. */
  readonly gaveUp: boolean;
}

export interface Settle {
  readonly execution: number;
  readonly by: 'machine' | 'event' | 'sweep';
  readonly phase: Phase | 'clean';
  readonly half: Half | null;
  readonly write: Write | null;
}

export interface Cancel {
  readonly phase: 'idle' | Phase | 'stop' | 'done';
  readonly half: Half | null;
  readonly write: Write | null;
  /** The caller may rely on it: the job is cancelled. */
  readonly promised: boolean;
}

export interface State {
  readonly maxAttempts: number;
  readonly job: Job | null;
  readonly attempts: Attempts;
  readonly counters: Counters;
  readonly executions: readonly Execution[];
  readonly containers: readonly Container[];
  readonly settles: readonly Settle[];
  readonly cancel: Cancel;
  /** Only for the invariants: whether something happened for which attempt n may be counted as failed. */
  readonly excuses: readonly boolean[];
  /** Only for the invariants: what a step itself saw go wrong. */
  readonly broken: string | null;
}

const absent: Execution = { phase: 'absent', tries: 0, event: false, gaveUp: false };

export function initial(maxAttempts: number): State {
  return {
    maxAttempts,
    job: null,
    attempts: [null, null, null],
    counters: { succeedJob: 0, failedJob: 0, jobRetry: 0, jobs: 0 },
    executions: [{ ...absent, phase: 'register' }, absent],
    containers: [],
    settles: [],
    cancel: { phase: 'idle', half: null, write: null, promised: false },
    excuses: [false, false, false],
    broken: null,
  };
}

export function hasEnded(job: Job | null): job is Job & { readonly status: Ended } {
  return job !== null && job.status !== 'QUEUED' && job.status !== 'RUNNING';
}

export function isRunning(execution: Execution): boolean {
  return !['absent', 'SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT'].includes(execution.phase);
}

export function attemptOf(attempts: Attempts, number: number): Attempt | null {
  return attempts[number] ?? null;
}

export function executionOf(state: State, index: number): Execution {
  const execution = state.executions[index];
  if (execution === undefined) throw new Error(`no execution ${index}`);
  return execution;
}

/** A copy of a list with one element changed, or, for null, left out. */
export function replaced<T>(list: readonly T[], index: number, element: T | null): readonly T[] {
  const copy = list.slice();
  if (element === null) copy.splice(index, 1);
  else copy[index] = element;
  return copy;
}

export function withExecution(state: State, index: number, change: Partial<Execution>): State {
  return {
    ...state,
    executions: replaced(state.executions, index, { ...executionOf(state, index), ...change }),
  };
}

export function excused(state: State, number: number): State {
  return state.excuses[number] === true
    ? state
    : { ...state, excuses: replaced(state.excuses, number, true) };
}

/** Receives every step that is possible in a state. `#` in the label stands for the subject. */
export type Emit = (label: string, subject: number, kind: 'step' | 'fault', next: State) => void;
