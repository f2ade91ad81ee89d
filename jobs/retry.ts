import { Conflict, NotFound } from './errors.ts';
import type { ExecutionInput } from './execution-input.ts';
import { type FoundJob, statusOf } from './find-job.ts';
import { optionsOf } from './options.ts';
import { isTerminal } from './protocol.ts';
import { checkAcceptedResources, type ResourceLimits } from './resources.ts';

/**
 * Makes the input of the execution that runs an ended job again: a new job, which names the old one as `retryOf`. Its owner
 * is the old job's, also if an admin calls. Its size is not checked again: the old job met the limit, and `retryOf` fits into
 * what the limit leaves.
 * @param limits of resources, as they are now.
 * @throws Conflict if the job has not ended (details have its status), or if it requests more than the limits allow.
 * @throws NotFound if its input has expired.
 */
export function retryInput(found: FoundJob, jobId: string, limits: ResourceLimits): string {
  const status = statusOf(found);
  if (!isTerminal(status)) {
    throw new Conflict(`The job has not ended yet: it is ${status}.`, [{ field: 'status', message: status }]);
  }
  const before = 'record' in found ? found.record.job : found.execution.input;
  const input = 'record' in found ? found.record.input : found.execution.input.input;
  if (input === undefined) throw new NotFound('The input of the job has expired.');
  checkAcceptedResources(before.resources, limits);
  return JSON.stringify({
    jobId,
    owner: before.owner,
    origin: 'api',
    input,
    ...optionsOf(before),
    retryOf: before.jobId,
  } satisfies ExecutionInput);
}
