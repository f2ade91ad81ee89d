import type { Execution, ExecutionEvent, Tries } from './execution.ts';
import type { JobStatus } from './protocol.ts';
import type { JobItem, JobRecord, WaitingReason } from './record.ts';
import type { EndedStatus, SweepPosition } from './sweep-position.ts';
import type { Write } from './write.ts';

/** The interfaces that the rules need from outside. jobs/aws and jobs/cluster implement them. */

/** The table of jobs. */
export interface JobStore {
  /** Reads a job as users see it, with its input and result. */
  read(jobId: string, now: number): Promise<JobRecord | undefined>;
  /** Reads a job and its attempts, without the large texts: what decisions are made from. */
  readDecisive(jobId: string, now: number): Promise<JobRecord | undefined>;
  /** Reads the status of a job, at most a second old; undefined if the job is not in the table. */
  statusOf(jobId: string): Promise<JobStatus | undefined>;
  /** Reads jobs of one shard that are not settled and were created in the window, oldest first, `limit` at most. */
  openJobs(shard: string, window: CreationWindow, limit: number): Promise<OpenJob[]>;
  /** Reads the fence of each of these jobs that is in the table. */
  executionsOf(jobIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Reads how far the last sweep came. */
  sweepPosition(): Promise<SweepPosition>;
  /**
   * Reads one owner's jobs that pass the filter, newest first. It reads `limit` jobs, whether they pass or not.
   * @returns `after`: the position where it stopped; undefined at the end.
   */
  jobsOf(owner: string, filter: JobFilter, now: number): Promise<{ jobs: ListedJob[]; after?: string }>;
  /**
   * Applies the writes together or not at all.
   * @returns false when a condition failed or another transaction interfered: read again and decide again.
   */
  write(writes: readonly Write[]): Promise<boolean>;
}

/** A time in which jobs were created. RFC 3339 with milliseconds, `after` exclusive, `until` inclusive. */
export interface CreationWindow {
  after?: string;
  until?: string;
}

/** A job that is not settled, as sweep needs it. */
export type OpenJob = Pick<
  JobItem,
  'jobId' | 'status' | 'waitingReason' | 'execution' | 'createdAt' | 'beat' | 'finishedAt'
>;

/** A job in a list. Its position in the list is createdAtId. */
export type ListedJob = Pick<
  JobItem,
  | 'jobId'
  | 'status'
  | 'origin'
  | 'retryOf'
  | 'labels'
  | 'createdAt'
  | 'startedAt'
  | 'finishedAt'
  | 'createdAtId'
>;

/** Selects jobs in a list. Times are RFC 3339, `from` inclusive, `to` exclusive and later; `after` is a position. */
export interface JobFilter {
  from?: string | undefined;
  to?: string | undefined;
  status?: JobStatus | undefined;
  scheduleId?: string | undefined;
  /** A job must have all of them. */
  label?: readonly (readonly [key: string, value: string])[] | undefined;
  after?: string | undefined;
  limit: number;
}

/** The executions of the state machine. */
export interface Executions {
  /**
   * Starts the execution of a job.
   * @throws TooManyRequests when Step Functions throttles, or too many executions are open.
   */
  start(jobId: string, input: string): Promise<void>;
  /**
   * Starts the execution of a job whose id comes from an Idempotency-Key; throws as `start`.
   * @returns false when there was one already, which may have ended or have another input.
   */
  startOnce(jobId: string, input: string): Promise<boolean>;
  /** Finds the execution of a job that was posted: its name is the job id. */
  ofJob(jobId: string): Promise<Execution | undefined>;
  /** Describes an execution; undefined if AWS does not know it, or no longer. */
  describe(arn: string): Promise<Execution | undefined>;
  /** Reads the tries of RunJob so far. */
  tries(arn: string): Promise<Tries>;
  /** Reads the first thousand events of an execution; undefined if AWS does not keep them, or no longer. */
  history(arn: string): Promise<{ events: ExecutionEvent[]; truncated: boolean } | undefined>;
  /**
   * Stops an execution whose job has ended otherwise. An execution that has ended stays as it is.
   * @throws TooManyRequests when Step Functions throttles.
   */
  stop(arn: string, cause: string): Promise<void>;
  /** Lists the ARNs of all executions that run. AWS may show a start or an end seconds late. */
  running(): Promise<string[]>;
  /**
   * Lists a page of executions in this status, newest first: the first page, or the one of the token. A token that AWS has
   * forgotten gives the first page again.
   */
  list(
    status: EndedStatus | 'RUNNING',
    token?: string,
  ): Promise<{ executions: ListedExecution[]; next?: string }>;
}

/** An execution in a list. */
export interface ListedExecution {
  arn: string;
  /** The id of a job that was posted; for a job of a schedule, a name that EventBridge Scheduler made. */
  name: string;
  /** Epoch milliseconds. */
  startedAt: number;
}

/** The slots of the requests that wait for the end of a job. */
export interface WaitSlots {
  /**
   * Takes a slot until a time (`now` and `expiresAt` in epoch seconds).
   * @returns false if another request has it.
   */
  take(slot: number, lease: { holder: string; now: number; expiresAt: number }): Promise<boolean>;
  /** Frees the slot if this holder has it. */
  free(slot: number, holder: string): Promise<void>;
}

/** The Kubernetes Jobs of jobs. */
export interface JobCluster {
  /** Deletes every Kubernetes Job of this job, with its pods. It succeeds if none is left. */
  deleteJobs(jobId: string): Promise<void>;
}

/** A pod of a job that is being deleted and still exists. */
export interface TerminatingPod {
  name: string;
  uid: string;
  /** Changes with every change of the pod. */
  version: string;
  jobId: string;
  /** The end of its grace period, RFC 3339: by then its kubelet should have confirmed its end. */
  deletionDeadline: string;
}

/** The pods of jobs. */
export interface JobPods {
  /** Lists the pods that have a node and are being deleted, a limited number. */
  listTerminating(): Promise<TerminatingPod[]>;
  /**
   * Marks the pod as failed by a disruption and deletes it without its kubelet, so that its Job replaces it.
   * @returns false when the pod is gone or has changed: nothing was done.
   */
  release(pod: TerminatingPod): Promise<boolean>;
}

/** What jobs wait for, by job id. A job without a known reason is absent. */
export type WaitingJobs = ReadonlyMap<string, WaitingReason>;
