import { createHash } from 'node:crypto';
import * as z from 'zod';
import protocol from './protocol.json' with { type: 'json' };

/**
 * The names of the accounting protocol: keys, statuses, counters, limits (docs/accounting.md).
 * protocol.json has them for both languages; tests/unit checks the types here against it.
 */
export const JobStatus = z.enum(['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT']);
export type JobStatus = z.infer<typeof JobStatus>;

export const TerminalStatus = JobStatus.exclude(['QUEUED', 'RUNNING']);
export type TerminalStatus = z.infer<typeof TerminalStatus>;

export const AttemptStatus = z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED']);
export type AttemptStatus = z.infer<typeof AttemptStatus>;

export const Counter = z.enum([
  'succeedJob',
  'jobRetry',
  'failedJob',
  'jobsSucceeded',
  'jobsFailed',
  'jobsCancelled',
  'jobsTimedOut',
]);
export type Counter = z.infer<typeof Counter>;

export const { limits, errors, indexes, shards } = protocol;

/**
 * The errors of RunJob that mean: the cluster did not accept the Job. Such a try is not an attempt, and the state machine
 * repeats it. The names are EKS.<HTTP status>; docs/step-functions.md has the sources.
 */
export const submissionErrors: readonly string[] = protocol.submissionErrors;

/** The counter of jobs that ended in this status. */
export const jobCounter: Record<TerminalStatus, Counter> = {
  SUCCEEDED: 'jobsSucceeded',
  FAILED: 'jobsFailed',
  CANCELLED: 'jobsCancelled',
  TIMED_OUT: 'jobsTimedOut',
};

export interface Key {
  pk: string;
  sk: string;
}

const { keys } = protocol;
const partition = (jobId: string): string => keys.job.replace('{jobId}', jobId);

/** Computes the shard of a job, one of 16: the first hexadecimal digit of the SHA-256 of its id, which every language has. */
export const shardOf = (jobId: string): string =>
  createHash('sha256').update(jobId).digest('hex').slice(0, 1);

export const jobKey = (jobId: string): Key => ({ pk: partition(jobId), sk: keys.sort.job });
export const inputKey = (jobId: string): Key => ({ pk: partition(jobId), sk: keys.sort.input });
export const attemptKey = (jobId: string, attempt: number): Key => ({
  pk: partition(jobId),
  sk: keys.sort.attempt.replace('{attempt}', String(attempt)),
});
export const countersKey = (shard: string): Key => ({
  pk: keys.counters.replace('{shard}', shard),
  sk: keys.sort.counters,
});
/** The slot of a request that waits for the end of a job. */
export const waitSlotKey = (slot: number): Key => ({
  pk: keys.waitSlot.replace('{slot}', String(slot)),
  sk: keys.sort.waitSlot,
});
/** The item that keeps how far sweep has come. */
export const sweepKey: Key = { pk: keys.sweep, sk: keys.sort.sweepPosition };
export const openPartition = (shard: string): string => keys.open.replace('{shard}', shard);

export const isTerminal = (status: JobStatus): status is TerminalStatus =>
  TerminalStatus.safeParse(status).success;

/** Computes when the items of a job that ended at this time expire, in epoch seconds (DynamoDB TTL). */
export const expiryOf = (endedAt: string): number =>
  Math.floor(Date.parse(endedAt) / 1000) + limits.retentionDays * 24 * 60 * 60;
