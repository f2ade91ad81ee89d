import pRetry from 'p-retry';
import { type Caller, mayAccess } from './caller.ts';
import { closeJob, recordUnregistered } from './closing.ts';
import { Conflict, RecordContended, TooManyRequests } from './errors.ts';
import { arnOf, statusOfUnrecorded } from './execution.ts';
import { checkJobId, findExecution, noSuchJob } from './find-job.ts';
import type { Executions, JobStore } from './ports.ts';
import { isTerminal, type JobStatus } from './protocol.ts';
import type { JobRecord } from './record.ts';
import type { Write } from './write.ts';

interface Dependencies {
  store: Pick<JobStore, 'readDecisive' | 'write'>;
  executions: Pick<Executions, 'ofJob' | 'stop'>;
  now: () => Date;
}

/**
 * Cancels a job: first its record, in one transaction, then its execution, whose end makes Settle delete the Kubernetes Jobs.
 * Repeatable: to cancel a cancelled job stops its execution once more, in case the first request was cut off.
 * @throws NotFound if the job does not exist or belongs to another owner.
 * @throws Conflict if the job has ended otherwise; details have its status.
 * @throws TooManyRequests when the record changed during six tries, or Step Functions throttles.
 */
export async function cancel(jobId: string, caller: Caller, dependencies: Dependencies): Promise<void> {
  checkJobId(jobId);
  // Six tries, 50 to 800 ms apart: 3 s at most, within the function's time limit.
  const arn = await pRetry(() => record(jobId, caller, dependencies), {
    retries: 5,
    minTimeout: 50,
    maxTimeout: 800,
    randomize: true,
    shouldRetry: ({ error }) => error instanceof RecordContended,
  }).catch((error: unknown) => {
    if (!(error instanceof RecordContended)) throw error;
    throw new TooManyRequests('The job is changing too fast; try again in a few seconds.', [], error);
  });
  await dependencies.executions.stop(arn, 'The job was cancelled.');
}

/** Makes the transaction that cancels a job as it was read. A try whose container never started is not an attempt. */
export const cancelJob = (found: JobRecord, now: string): Write[] =>
  closeJob(found, 'ABORTED', { tries: [] }, now);

/** Records that the job is cancelled. @returns the ARN of its execution. */
async function record(
  jobId: string,
  caller: Caller,
  { store, executions, now }: Dependencies,
): Promise<string> {
  const at = now();
  const found = await store.readDecisive(jobId, at.getTime());
  if (!found) {
    const execution = await findExecution(jobId, caller, executions, at.getTime());
    // It succeeded and is not in the table: Register ran between the two reads.
    if (execution.status === 'SUCCEEDED') throw new RecordContended(`job ${jobId} was just registered`);
    // It ended otherwise: Settle writes the record.
    if (execution.status !== 'RUNNING') return checkCancelled(statusOfUnrecorded(execution), execution.arn);
    await write(store, recordUnregistered(execution.input, execution, 'ABORTED', at.toISOString()));
    return execution.arn;
  }
  if (!mayAccess(caller, found.job)) throw noSuchJob();
  const { status, execution } = found.job;
  if (isTerminal(status)) return checkCancelled(status, arnOf(execution));
  await write(store, cancelJob(found, at.toISOString()));
  return arnOf(execution);
}

async function write(store: Dependencies['store'], writes: readonly Write[]): Promise<void> {
  if (!(await store.write(writes))) throw new RecordContended('the record keeps changing');
}

/** @throws Conflict if the job ended otherwise. @returns the ARN of its execution. */
function checkCancelled(status: JobStatus, arn: string): string {
  if (status === 'CANCELLED') return arn;
  throw new Conflict(`The job has already ended: it is ${status}.`, [{ field: 'status', message: status }]);
}
