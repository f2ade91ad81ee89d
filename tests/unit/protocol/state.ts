/** The state of one job's world. It is immutable: a step makes a new state and shares the rest. */
/** The tries of RunJob in one visit: MaxAttempts and the first. */
export const machineTries = 3;
/** It is five in the protocol, and two here, so that the few faults of the model reach it. */
export const interruptionLimit = 2;

export type Ended = 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT';
export type JobStatus = 'QUEUED' | 'RUNNING' | Ended;
export type AttemptStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

export interface Job {
  readonly status: JobStatus;
  /** 0 is the execution that is named after the job, 1 another that was started for the same job id. */
  readonly execution: number;
  /** -1 and 0 mean that the attribute is absent. */
  readonly attempt: number;
  readonly runner: number;
  readonly open: boolean;
  /** Whether the job's error is permanent: a retry cannot repair it. */
  readonly permanent: boolean;
}

export interface Attempt {
  readonly status: AttemptStatus;
  readonly runner: number;
  /** Whether its runner got SIGTERM and marked the attempt (`interruptedAt`). */
  readonly marked: boolean;
  readonly interruptions: number;
}

export type Attempts = readonly (Attempt | null)[];

export interface Counters {
  readonly succeedJob: number;
  readonly failedJob: number;
  readonly jobRetry: number;
  /** The sum of `jobs.*`: how often a job was counted as ended. */
  readonly jobs: number;
}

/** One transaction that was decided and is not written yet. */
export interface Write {
  readonly kind: 'create' | 'start' | 'takeOver' | 'tooOften' | 'beyondLast' | 'settle' | 'cancel';
  /** The job item as it was read; null: it did not exist. */
  readonly job: Job | null;
  readonly set: Partial<Job>;
  readonly attempts: readonly AttemptWrite[];
  readonly count: Partial<Counters>;
  /** Only for taking over: whether the heartbeat changed since it was read. */
  readonly heartbeatMoved: boolean;
}

export interface AttemptWrite {
  readonly number: number;
  /** The attempt as it was read; null: it did not exist. */
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

/** The phases of a process that reads, decides and writes. */
export type Phase = 'read' | 'half' | 'write';

export interface Container {
  readonly runner: number;
  readonly execution: number;
  readonly try: number;
  /** Whether the Job waits for this container; the others stay alive unseen (an old node, a Job that was abandoned). */
  readonly current: boolean;
  readonly phase: Phase | 'run' | 'unsure' | 'exit';
  readonly half: Half | null;
  readonly write: Write | null;
  readonly exitCode: number;
  /** Whether it ended the job itself: then its exit code must stop the retries. */
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
  /** The number of the next try's attempt. Each try of RunJob raises it, except a failed submission. */
  readonly next: number;
  /** State.RetryCount: 0 again in each visit to RunJob. A failed submission ends a visit, and the next one begins. */
  readonly retries: number;
  /** The number of attempts in its history: failed submissions are left out. */
  readonly tries: number;
  /** Whether its status event is on its way to settle-job. */
  readonly event: boolean;
  /** What failed for so long that the machine gave up: Register, so that no try was made, or the submission of a Job. */
  readonly gaveUp: 'register' | 'submit' | null;
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
  /** Whether the caller got the response that the job is cancelled. */
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
  /** Only for the invariants: what went wrong within a step. */
  readonly broken: string | null;
}

const absent: Execution = { phase: 'absent', next: 0, retries: 0, tries: 0, event: false, gaveUp: null };

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

/** Copies a list with one element changed or, for null, removed. */
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
