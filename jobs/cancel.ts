import pRetry from 'p-retry';
import { closeJob, recordUnregistered } from './closing.ts';
import { Conflict, RecordContended, TooManyRequests } from './errors.ts';
import { arnOf, type Executions } from './aws/executions.ts';
import { type Caller, checkJobId, maySee, noSuchJob, ownExecution } from './caller.ts';
import { isTerminal, type JobStatus } from './protocol.ts';
import type { JobRecord } from './record.ts';
import type { JobStore } from './aws/job-store.ts';
import { statusOfUnrecorded } from '../api/job-view.ts';
import type { Write } from './write.ts';

interface Dependencies {
  store: Pick<JobStore, 'readDecisive' | 'write'>;
  executions: Pick<Executions, 'ofJob' | 'stop'>;
  now: () => Date;
}

/**
 * Cancels a job: first its record, in one transaction, then its execution, whose end makes Settle delete what runs.
 * Repeatable: cancelling a cancelled job stops its execution once more, should the first time have come half-way.
 * @throws NotFound where there is no such job, or it is somebody else's.
 * @throws Conflict when the job has ended otherwise; details hold its status.
 * @throws TooManyRequests when the record changed under six tries, or Step Functions throttles.
 */
export async function cancel(jobId: string, caller: Caller, dependencies: Dependencies): Promise<void> {
  checkJobId(jobId);
  // Six tries between 50 and 800 ms apart: 3 s at most, within the function's own limit.
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

/** The transaction that cancels a job as it was read. A try whose container never began is no attempt. */
export const cancelJob = (found: JobRecord, now: string): Write[] => closeJob(found, 'ABORTED', [], now);

/** Records that the job is cancelled. @returns the ARN of its execution. */
async function record(
  jobId: string,
  caller: Caller,
  { store, executions, now }: Dependencies,
): Promise<string> {
  const at = now();
  const found = await store.readDecisive(jobId, at.getTime());
  if (!found) {
    const execution = await ownExecution(jobId, caller, executions, at.getTime());
    // Ended well and not in the table: Register came between the two reads.
    if (execution.status === 'SUCCEEDED') throw new RecordContended(`job ${jobId} was just registered`);
    // Ended otherwise: the record is Settle's to write.
    if (execution.status !== 'RUNNING') return refuseEnded(statusOfUnrecorded(execution), execution.arn);
    await write(store, recordUnregistered(execution.input, execution, 'ABORTED', at.toISOString()));
    return execution.arn;
  }
  if (!maySee(caller, found.job)) throw noSuchJob();
  const { status, execution } = found.job;
  if (isTerminal(status)) return refuseEnded(status, arnOf(execution));
  await write(store, cancelJob(found, at.toISOString()));
  return arnOf(execution);
}

async function write(store: Dependencies['store'], writes: readonly Write[]): Promise<void> {
  if (!(await store.write(writes))) throw new RecordContended('the record keeps changing');
}

function refuseEnded(status: JobStatus, arn: string): string {
  if (status === 'CANCELLED') return arn;
  throw new Conflict(`The job has ended already: it is ${status}.`, [{ field: 'status', message: status }]);
}
