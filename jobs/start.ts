import { isDeepStrictEqual } from 'node:util';
import { Conflict, TooManyRequests } from './errors.ts';
import { statusOfUnrecorded } from './execution.ts';
import { ExecutionInput } from './execution-input.ts';
import { optionsOf } from './options.ts';
import type { Executions, JobStore } from './ports.ts';
import type { JobStatus } from './protocol.ts';
import type { JobRecord } from './record.ts';

/** The job of a request; replayed: an earlier request with the same Idempotency-Key started it. */
export interface StartedJob {
  jobId: string;
  status: JobStatus;
  replayed: boolean;
}

interface Dependencies {
  store: Pick<JobStore, 'read'>;
  executions: Pick<Executions, 'startOnce' | 'ofJob'>;
  now: () => Date;
}

/**
 * Starts the job of a request with an Idempotency-Key, or finds the job that the key started before. Of requests that are
 * truly concurrent several may be reported as the first; there is one job.
 * @param input of the execution, as text.
 * @param isSame compares this request with the earlier one; if the key alone makes the request, they are always the same.
 * @throws Conflict when the key was used for another request.
 * @throws TooManyRequests when Step Functions throttles, or does not show yet what it has.
 */
export async function startOnce(
  jobId: string,
  input: string,
  { store, executions, now }: Dependencies,
  isSame: IsSame = isEqual,
): Promise<StartedJob> {
  // The table first: execution names can be used again after 90 days, but our record lives for 100.
  const record = await store.read(jobId, now().getTime());
  if (record) return replay(input, requestOf(record), record.job.status, isSame);
  if (await executions.startOnce(jobId, input)) return { jobId, status: 'QUEUED', replayed: false };
  const execution = await executions.ofJob(jobId);
  if (!execution?.input) throw new TooManyRequests('The job was just posted; try again in a few seconds.');
  return replay(input, execution.input, statusOfUnrecorded(execution), isSame);
}

/** Rebuilds the request of a job; its input may have expired. */
function requestOf({ job, input }: JobRecord): ExecutionInput {
  const { jobId, owner, origin, retryOf } = job;
  return {
    ...{ jobId, owner, origin, input: input ?? '', ...optionsOf(job) },
    ...(retryOf !== '' && { retryOf }),
  };
}

function replay(input: string, before: ExecutionInput, status: JobStatus, isSame: IsSame): StartedJob {
  const request = ExecutionInput.parse(JSON.parse(input));
  const { jobId } = request;
  if (isSame(request, before)) return { jobId, status, replayed: true };
  throw new Conflict('The Idempotency-Key was used for another request.', [
    { field: 'Idempotency-Key', message: `It belongs to job ${jobId}.` },
  ]);
}

type IsSame = (request: ExecutionInput, before: ExecutionInput) => boolean;

const isEqual: IsSame = (left, right) =>
  (Object.keys(ExecutionInput.shape) as (keyof ExecutionInput)[]).every((name) =>
    isDeepStrictEqual(left[name], right[name]),
  );
