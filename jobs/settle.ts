import pRetry from 'p-retry';
import { closeJob, closeLeftovers, type ExecutionStatus, recordUnregistered } from './closing.ts';
import { RecordContended } from './errors.ts';
import { arnOf, type Executions, sameExecution } from './aws/executions.ts';
import { expiryOf, inputKey, isTerminal, jobKey, TerminalStatus } from './protocol.ts';
import type { JobItem, JobRecord } from './record.ts';
import type { JobStore } from './aws/job-store.ts';
import type { Write } from './write.ts';

/** Where a job's Kubernetes Jobs are deleted. */
export interface JobCluster {
  /** Deletes every Kubernetes Job of this job, with its pods. None left is success. */
  deleteJobs(jobId: string): Promise<void>;
}

/** How a job ended; DUPLICATE: the job belongs to another execution, and that one settles it. */
export interface Settlement {
  verdict: TerminalStatus | 'DUPLICATE';
  message: string;
}

/** Who asks: the execution's fence and how the execution stands. */
export interface Asking {
  jobId: string;
  execution: string;
  status: ExecutionStatus;
}

interface Dependencies {
  store: JobStore;
  executions: Pick<Executions, 'describe' | 'tries'>;
  cluster: JobCluster;
  now: () => Date;
}

/**
 * Closes whatever the container could not record, and takes the job out of what sweep watches. The record always wins
 * over the state of execution and Job. Idempotent: may be called any number of times, by the state machine, by the
 * event of its end and by sweep at once.
 * @throws RecordContended when the record changed under ten tries.
 */
export async function settle(asking: Asking, dependencies: Dependencies): Promise<Settlement> {
  // Ten tries between 50 ms and 1 s apart: longer than any container's own burst of writes.
  const record = await pRetry(() => close(asking, dependencies), {
    retries: 9,
    minTimeout: 50,
    maxTimeout: 1000,
    randomize: true,
    shouldRetry: ({ error }) => error instanceof RecordContended,
  });
  if (record === undefined) {
    return { verdict: 'DUPLICATE', message: 'Another execution runs this job; this one changed nothing.' };
  }
  await leave(record.job, dependencies);
  const { status, error } = record.job;
  return {
    verdict: TerminalStatus.parse(status),
    message: error ? `${error.code}: ${error.message}` : `The job is ${status}.`,
  };
}

/** Reads, decides and writes until nothing is left to close; undefined when the job is another execution's. */
async function close(asking: Asking, dependencies: Dependencies): Promise<JobRecord | undefined> {
  const { store, executions, now } = dependencies;
  const at = now();
  const record = await store.readDecisive(asking.jobId, at.getTime());
  if (record && !sameExecution(record.job.execution, asking.execution)) return undefined;
  const writes = await writesFor(record, asking, executions, at.toISOString());
  if (record && writes.length === 0) return record;
  if (!(await store.write(writes)))
    throw new RecordContended(`the record of job ${asking.jobId} keeps changing`);
  return close(asking, dependencies);
}

async function writesFor(
  record: JobRecord | undefined,
  { jobId, execution, status }: Asking,
  executions: Dependencies['executions'],
  now: string,
): Promise<Write[]> {
  if (record && isTerminal(record.job.status)) return closeLeftovers(record, now);
  if (record) return closeJob(record, status, await executions.tries(arnOf(execution)), now);
  const known = await executions.describe(arnOf(execution));
  if (!known?.input) throw new Error(`the execution of job ${jobId} holds no job's input`);
  return recordUnregistered(known.input, known, status, now);
}

/** The input expires with its job (a large item is dear in a transaction, so it is written here), then the Jobs go. */
async function leave(job: JobItem, { store, cluster, now }: Dependencies): Promise<void> {
  const input = inputKey(job.jobId);
  const expiresAt = job.expiresAt ?? expiryOf(now().toISOString());
  await store.write([{ update: input, if: { pk: input.pk }, set: { expiresAt } }]);
  await cluster.deleteJobs(job.jobId);
  // Last of all: whatever failed before this line, sweep comes back to.
  await store.write([
    { update: jobKey(job.jobId), if: { execution: job.execution, status: job.status }, remove: ['open'] },
  ]);
}
