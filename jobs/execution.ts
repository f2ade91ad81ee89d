import type { ExecutionInput } from './execution-input.ts';
import type { JobStatus } from './protocol.ts';
import type { Failure } from './record.ts';

/** The status of an execution of Step Functions. */
export type ExecutionStatus =
  'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';

/** An execution of run-job, as AWS knows it. */
export interface Execution {
  arn: string;
  /** The part of a job's fence that names its execution: ARN and start. */
  fence: string;
  status: ExecutionStatus;
  startedAt: string;
  stoppedAt?: string;
  /** undefined if the execution does not belong to a job: it was started by hand with another input. */
  input?: ExecutionInput;
}

/** An execution that belongs to a job. */
export type JobExecution = Execution & { input: ExecutionInput };

/** One try of RunJob that is an attempt, as the execution's history has it. */
export interface Try {
  error?: Failure;
}

/** What an execution's history reports about RunJob. */
export interface Tries {
  /** By the number of their attempt. A failed submission is not an attempt. */
  tries: readonly Try[];
  /** Describes the failed submissions if they were the last that happened: the cluster did not accept the Job. */
  submissionError?: Failure;
  /** Whether the last try has no end: it still runs, or the history is behind. */
  unfinished?: true;
}

/** One event in an execution's history. */
export interface ExecutionEvent {
  /** RFC 3339. */
  at: string;
  type: string;
  /** Of the event with which a try of RunJob begins: the number of its attempt. */
  attempt?: number;
  name?: string;
  resourceType?: string;
  error?: string;
  cause?: string;
}

/** Makes the fence of an execution. An ARN can be used again 90 days after its execution; with the start it is unique. */
export const executionFence = (arn: string, startedAt: string): string => `${arn}@${startedAt}`;

/** Reads the ARN in a fence. */
export const arnOf = (fence: string): string => fence.slice(0, fence.lastIndexOf('@'));

/** Compares the executions of two fences. AWS shows a start with and without its milliseconds, so a minute is near enough. */
export function sameExecution(left: string, right: string): boolean {
  const startOf = (fence: string): number => Date.parse(fence.slice(fence.lastIndexOf('@') + 1));
  return arnOf(left) === arnOf(right) && Math.abs(startOf(left) - startOf(right)) < 60_000;
}

const unrecordedStatuses: Record<ExecutionStatus, JobStatus> = {
  RUNNING: 'QUEUED',
  PENDING_REDRIVE: 'QUEUED',
  SUCCEEDED: 'QUEUED',
  FAILED: 'FAILED',
  TIMED_OUT: 'TIMED_OUT',
  ABORTED: 'CANCELLED',
};

/** Maps the status of an execution to that of its job, which is not in the table yet. */
export const statusOfUnrecorded = ({ status }: Pick<Execution, 'status'>): JobStatus =>
  unrecordedStatuses[status];
