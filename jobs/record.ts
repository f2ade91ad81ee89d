import * as z from 'zod';
import { StoredOptions } from './options.ts';
import { AttemptStatus, JobStatus } from './protocol.ts';

/** Why an attempt or a job failed. */
export const Failure = z.object({ code: z.string(), message: z.string() });
export type Failure = z.infer<typeof Failure>;

/** How a job was created: by a request, or by a schedule. */
export const Origin = z.enum(['api', 'schedule']);

/** How far an attempt is: records done, and their total if it is known. */
export const Progress = z.object({ done: z.number(), total: z.number().optional() });

/**
 * Why a job does not run. The last two are derived from the record when it is read; sweep reads the others from the cluster and
 * stores them.
 */
export const WaitingReason = z.enum([
  'LimitReached',
  'NoNode',
  'Starting',
  'ImagePull',
  'ContainerRefused',
  'Interrupted',
  'NoHeartbeat',
]);
export type WaitingReason = z.infer<typeof WaitingReason>;

/** The item of one job in the table. Attributes that this version does not know are ignored. */
export const JobItem = z.object({
  pk: z.string(),
  sk: z.literal('JOB'),
  jobId: z.string(),
  owner: z.string(),
  origin: Origin,
  status: JobStatus,
  /** ARN and start of the execution, joined by @. With attempt and runner it is the fence of every write. */
  execution: z.string(),
  attempt: z.number().optional(),
  runner: z.string().optional(),
  /** The time of the container's last heartbeat, RFC 3339. */
  beat: z.string().optional(),
  progress: Progress.optional(),
  ...StoredOptions.shape,
  /** What the job waited for at the last sweep that found it waiting. It may be outdated: see `currentWaitingReason`. */
  waitingReason: WaitingReason.optional().catch(undefined),
  /** The job's last heartbeat when sweep stored waitingReason; absent if the job was QUEUED then. */
  waitingBeat: z.string().optional(),
  error: Failure.optional(),
  /** Empty if the job does not run another job again. The state machine writes the same attributes for every job. */
  retryOf: z.string().default(''),
  createdAt: z.string(),
  createdAtId: z.string(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  open: z.string().optional(),
  expiresAt: z.number().optional(),
});
export type JobItem = z.infer<typeof JobItem>;

/** The item of one attempt in the table. */
export const AttemptItem = z.object({
  pk: z.string(),
  sk: z.string().startsWith('ATTEMPT#'),
  attempt: z.number(),
  status: AttemptStatus,
  runner: z.string().optional(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  records: z.number().optional(),
  interruptions: z.number().optional(),
  interruptedAt: z.string().optional(),
  error: Failure.optional(),
  log: z.array(z.string()).optional(),
});
export type AttemptItem = z.infer<typeof AttemptItem>;

/** One job in the table: its item, its attempts in order, and the texts of its input and result. */
export interface JobRecord {
  job: JobItem;
  attempts: AttemptItem[];
  input?: string;
  result?: string;
}

const TextItem = z.object({ json: z.string() });

/**
 * Makes a record from the items of one job's partition.
 * @returns undefined if the job is absent, or has expired and DynamoDB has not removed it yet.
 */
export function recordOf(items: readonly Record<string, unknown>[], now: number): JobRecord | undefined {
  const bySort = new Map(items.map((item) => [item['sk'], item]));
  const found = bySort.get('JOB');
  if (found === undefined) return undefined;
  const job = JobItem.parse(found);
  if (job.expiresAt !== undefined && job.expiresAt * 1000 <= now) return undefined;
  const attempts = items
    .filter(({ sk }) => typeof sk === 'string' && sk.startsWith('ATTEMPT#'))
    .map((item) => AttemptItem.parse(item))
    .sort((left, right) => left.attempt - right.attempt);
  const input = bySort.get('INPUT');
  const result = bySort.get('RESULT');
  return {
    job,
    attempts,
    ...(input && { input: TextItem.parse(input).json }),
    ...(result && { result: TextItem.parse(result).json }),
  };
}
