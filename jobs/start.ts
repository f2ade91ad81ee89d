import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Conflict, TooManyRequests } from './errors.ts';
import type { Executions } from './aws/executions.ts';
import { optionsOf } from './options.ts';
import type { JobStatus } from './protocol.ts';
import type { JobRecord } from './record.ts';
import { ExecutionInput } from '../api/job-request.ts';
import type { JobStore } from './aws/job-store.ts';
import { statusOfUnrecorded } from '../api/job-view.ts';

/** The id of the job that this caller's key stands for: the execution's name, so that there can be only one. */
export const jobIdOfKey = (owner: string, key: string): string =>
  createHash('sha256')
    .update(JSON.stringify([owner, key]))
    .digest('hex')
    .slice(0, 32);

/** How a job stands that was asked for; replayed: an earlier request with its key had asked for it. */
export interface Started {
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
 * Starts the job of a request with an Idempotency-Key, or finds the one that the key stands for already. Of requests that
 * are truly concurrent several may be told that they were the first; the job is one.
 * @param input of the execution, as text.
 * @param isSame whether the key stood for the same request before; one that is made from nothing but its key always did.
 * @throws Conflict when the key was used for another request.
 * @throws TooManyRequests when Step Functions throttles, or does not show yet what it has.
 */
export async function startOnce(
  jobId: string,
  input: string,
  { store, executions, now }: Dependencies,
  isSame: IsSame = isEqual,
): Promise<Started> {
  // Step Functions gives a name free ten days before the record expires.
  const record = await store.read(jobId, now().getTime());
  if (record) return replay(input, requestOf(record), record.job.status, isSame);
  if (await executions.startOnce(jobId, input)) return { jobId, status: 'QUEUED', replayed: false };
  const execution = await executions.ofJob(jobId);
  if (!execution?.input) throw new TooManyRequests('The job was just posted; try again in a few seconds.');
  return replay(input, execution.input, statusOfUnrecorded(execution), isSame);
}

/** What was asked for when the job was posted; its input may have expired. */
function requestOf({ job, input }: JobRecord): ExecutionInput {
  const { jobId, owner, origin, retryOf } = job;
  return {
    ...{ jobId, owner, origin, input: input ?? '', ...optionsOf(job) },
    ...(retryOf !== '' && { retryOf }),
  };
}

function replay(input: string, before: ExecutionInput, status: JobStatus, isSame: IsSame): Started {
  const asked = ExecutionInput.parse(JSON.parse(input));
  const { jobId } = asked;
  if (isSame(asked, before)) return { jobId, status, replayed: true };
  throw new Conflict('The Idempotency-Key was used for another request.', [
    { field: 'Idempotency-Key', message: `It stands for job ${jobId}.` },
  ]);
}

type IsSame = (asked: ExecutionInput, before: ExecutionInput) => boolean;

const isEqual: IsSame = (left, right) =>
  (Object.keys(ExecutionInput.shape) as (keyof ExecutionInput)[]).every((name) =>
    isDeepStrictEqual(left[name], right[name]),
  );
