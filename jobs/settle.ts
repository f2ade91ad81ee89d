import pRetry from 'p-retry';
import { closeJob, closeLeftovers, recordUnregistered } from './closing.ts';
import { RecordContended } from './errors.ts';
import { arnOf, type ExecutionStatus, sameExecution } from './execution.ts';
import type { Executions, JobCluster, JobStore } from './ports.ts';
import { expiryOf, inputKey, isTerminal, jobKey, TerminalStatus } from './protocol.ts';
import type { JobItem, JobRecord } from './record.ts';
import type { Write } from './write.ts';

/** How a job ended. DUPLICATE: the job belongs to another execution, which settles it. */
export interface Settlement {
  verdict: TerminalStatus | 'DUPLICATE';
  message: string;
}

/** A request to settle a job, for one of its executions. */
export interface SettleRequest {
  jobId: string;
  /** The execution's fence. */
  execution: string;
  /** RUNNING when the last state of the execution calls. */
  status: ExecutionStatus;
}

interface Dependencies {
  store: Pick<JobStore, 'readDecisive' | 'write'>;
  executions: Pick<Executions, 'describe' | 'tries'>;
  cluster: JobCluster;
  now: () => Date;
}

/**
 * Closes what the container could not record, and removes the job from what sweep watches. The record always wins over the
 * state of the execution and of the Kubernetes Job. Idempotent: the state machine, the event of its end and sweep may call
 * it any number of times, also at once.
 * @throws RecordContended when the record changed during ten tries.
 */
export async function settle(request: SettleRequest, dependencies: Dependencies): Promise<Settlement> {
  // Ten tries, 50 ms to 1 s apart: longer than any burst of writes of a container.
  const record = await pRetry(() => close(request, dependencies), {
    retries: 9,
    minTimeout: 50,
    maxTimeout: 1000,
    randomize: true,
    shouldRetry: ({ error }) => error instanceof RecordContended,
  });
  if (record === undefined) {
    return { verdict: 'DUPLICATE', message: 'Another execution runs this job; this one changed nothing.' };
  }
  await cleanUp(record.job, dependencies);
  const { status, error } = record.job;
  return {
    verdict: TerminalStatus.parse(status),
    message: error ? `${error.code}: ${error.message}` : `The job is ${status}.`,
  };
}

/** Reads, decides and writes until nothing is left to close; undefined if the job belongs to another execution. */
async function close(request: SettleRequest, dependencies: Dependencies): Promise<JobRecord | undefined> {
  const { store, executions, now } = dependencies;
  const at = now();
  const record = await store.readDecisive(request.jobId, at.getTime());
  if (record && !sameExecution(record.job.execution, request.execution)) return undefined;
  const writes = await writesFor(record, request, executions, at.toISOString());
  if (record && writes.length === 0) return record;
  if (!(await store.write(writes)))
    throw new RecordContended(`the record of job ${request.jobId} keeps changing`);
  return close(request, dependencies);
}

async function writesFor(
  record: JobRecord | undefined,
  { jobId, execution, status }: SettleRequest,
  executions: Dependencies['executions'],
  now: string,
): Promise<Write[]> {
  if (record && isTerminal(record.job.status)) return closeLeftovers(record, now);
  if (record) {
    const runJob = await executions.tries(arnOf(execution));
    // The execution is past RunJob. The state machine repeats this call.
    if (status === 'RUNNING' && runJob.unfinished) {
      throw new Error(`the history of job ${jobId} does not have the end of its last try yet`);
    }
    return closeJob(record, status, runJob, now);
  }
  const known = await executions.describe(arnOf(execution));
  if (!known?.input) throw new Error(`the execution of job ${jobId} does not have the input of a job`);
  return recordUnregistered(known.input, known, status, now);
}

/**
 * Sets the input's expiry outside the transaction (large items are expensive in transactions), deletes the Kubernetes Jobs,
 * and removes the job from what sweep watches.
 */
async function cleanUp(job: JobItem, { store, cluster, now }: Dependencies): Promise<void> {
  const input = inputKey(job.jobId);
  const expiresAt = job.expiresAt ?? expiryOf(now().toISOString());
  await store.write([{ update: input, if: { pk: input.pk }, set: { expiresAt } }]);
  await cluster.deleteJobs(job.jobId);
  // The last step: if a step before it fails, sweep repeats them all.
  await store.write([
    { update: jobKey(job.jobId), if: { execution: job.execution, status: job.status }, remove: ['open'] },
  ]);
}
