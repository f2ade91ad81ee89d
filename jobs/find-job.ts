import { type Caller, mayAccess } from './caller.ts';
import { NotFound } from './errors.ts';
import { type JobExecution, statusOfUnrecorded } from './execution.ts';
import { creationTimeOf, JobId } from './ids.ts';
import type { Executions, JobStore } from './ports.ts';
import type { JobStatus } from './protocol.ts';
import type { JobRecord } from './record.ts';

/** A job: its record in the table, or before Register its execution. */
export type FoundJob = { record: JobRecord } | { execution: JobExecution };

/**
 * In milliseconds. A job is in the table within seconds of its 202, and at the latest after the longest Register, Settle and
 * three sweeps: run-job.duration.test.ts computes their sum. An older id that is not in the table never will be.
 */
export const registeredWithin = 27 * 60 * 60_000;

/** A job of another owner does not exist for the caller: "forbidden" would tell which ids exist. */
export const noSuchJob = (): NotFound => new NotFound('The job does not exist.');

/**
 * Finds the caller's job.
 * @param read how much of it is read.
 * @throws NotFound if the job does not exist or belongs to another owner.
 */
export async function findJob(
  jobId: string,
  caller: Caller,
  read: JobStore['read'],
  executions: Pick<Executions, 'ofJob'>,
  now: number,
): Promise<FoundJob> {
  checkJobId(jobId);
  const record = await read(jobId, now);
  if (!record) return { execution: await findExecution(jobId, caller, executions, now) };
  if (!mayAccess(caller, record.job)) throw noSuchJob();
  return { record };
}

/** @throws NotFound for a text that cannot be the id of a job. */
export function checkJobId(jobId: string): void {
  if (!JobId.safeParse(jobId).success) throw noSuchJob();
}

/**
 * Finds the execution of the caller's job that is not in the table: between its 202 and Register a job is only that.
 * @param now epoch milliseconds; an old id is rejected without a call.
 * @throws NotFound if it does not exist or belongs to another owner.
 */
export async function findExecution(
  jobId: string,
  caller: Caller,
  executions: Pick<Executions, 'ofJob'>,
  now: number,
): Promise<JobExecution> {
  const createdAt = creationTimeOf(jobId);
  if (createdAt !== undefined && now - createdAt > registeredWithin) throw noSuchJob();
  const execution = await executions.ofJob(jobId);
  const input = execution?.input;
  if (!execution || !input || !mayAccess(caller, input)) throw noSuchJob();
  return { ...execution, input };
}

/** Reads the status of a job. */
export const statusOf = (found: FoundJob): JobStatus =>
  'record' in found ? found.record.job.status : statusOfUnrecorded(found.execution);
