import { RetryRequest } from '../api/job-request.ts';
import { idempotencyKeyOf, readBody } from '../api/request.ts';
import { findJob } from '../jobs/find-job.ts';
import { jobIdOfKey, newJobId } from '../jobs/ids.ts';
import { retryInput } from '../jobs/retry.ts';
import { readLimits, readSettings } from '../jobs/settings.ts';
import { api } from './middleware/api.ts';
import { callerOf } from './middleware/caller.ts';
import { openExecutions, openStore } from './middleware/services.ts';
import { startJob } from './middleware/start-job.ts';

const store = openStore();
const executions = openExecutions();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();
const limits = readLimits();

/** `POST /jobs/{jobId}/retry`: starts a new job with the input of an ended job, whose id it keeps as `retryOf`. */
export const handler = api(async (event) => {
  const retryOf = event.pathParameters?.['jobId'] ?? '';
  const caller = callerOf(event, OWNER_WITHOUT_AUTHORIZER);
  const key = idempotencyKeyOf(event);
  const lookup = await findJob(retryOf, caller, store.read.bind(store), executions, Date.now());
  readBody(event.body ?? '', RetryRequest, 'retry');
  const jobId = key === undefined ? newJobId() : jobIdOfKey(caller.owner, key);
  const input = retryInput(lookup, jobId, limits);
  return await startJob(event, { jobId, input, key, source: { retryOf } }, { store, executions });
});
