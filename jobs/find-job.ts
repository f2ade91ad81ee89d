import type { Execution, Executions } from './aws/executions.ts';
import { type Caller, checkJobId, maySee, noSuchJob, ownExecution } from './caller.ts';
import type { JobRecord } from './record.ts';
import type { ExecutionInput } from '../api/job-request.ts';
import type { JobStore } from './aws/job-store.ts';

/** A job: what the table holds of it, or before Register its execution. */
export type Found = { record: JobRecord } | { execution: Execution & { input: ExecutionInput } };

/**
 * The caller's job.
 * @param read how much of it is read.
 * @throws NotFound where there is none, or it is somebody else's.
 */
export async function findJob(
  jobId: string,
  caller: Caller,
  read: JobStore['read'],
  executions: Pick<Executions, 'ofJob'>,
  now: number,
): Promise<Found> {
  checkJobId(jobId);
  const record = await read(jobId, now);
  if (!record) return { execution: await ownExecution(jobId, caller, executions, now) };
  if (!maySee(caller, record.job)) throw noSuchJob();
  return { record };
}
