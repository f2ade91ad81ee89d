import * as z from 'zod';
import { Conflict, NotFound } from './errors.ts';
import type { Found } from './find-job.ts';
import { optionsOf } from './options.ts';
import { isTerminal } from './protocol.ts';
import { readBody } from '../api/request.ts';
import type { ExecutionInput } from '../api/job-request.ts';
import { checkResourcesAgain, type ResourceLimits } from './resources.ts';
import { statusOfUnrecorded } from '../api/job-view.ts';

/** What `POST /jobs/{jobId}/retry` takes: nothing, so far. */
export const RetryRequest = z.strictObject({});

/**
 * The input of the execution of a new job like one that has ended, which it names as `retryOf`. It is its owner's, also
 * where an admin asks. Its size is not held to the limit of POST again: the job met it, and what is added fits into what that leaves.
 * @param most what a job may ask of its node, by now.
 * @throws InvalidRequest when the body is neither empty nor {}.
 * @throws Conflict when the job has not ended, details hold its status, or when it asks for more than a job may have.
 * @throws NotFound when its input has expired.
 */
export function acceptRetry(found: Found, body: string, jobId: string, most: ResourceLimits): string {
  readBody(body, RetryRequest, 'retry');
  const status = 'record' in found ? found.record.job.status : statusOfUnrecorded(found.execution);
  if (!isTerminal(status)) {
    throw new Conflict(`The job has not ended yet: it is ${status}.`, [{ field: 'status', message: status }]);
  }
  const before = 'record' in found ? found.record.job : found.execution.input;
  const input = 'record' in found ? found.record.input : found.execution.input.input;
  if (input === undefined) throw new NotFound('The input of the job has expired.');
  checkResourcesAgain(before.resources, most);
  return JSON.stringify({
    jobId,
    owner: before.owner,
    origin: 'api',
    input,
    ...optionsOf(before),
    retryOf: before.jobId,
  } satisfies ExecutionInput);
}
