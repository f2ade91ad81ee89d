import { acceptJob } from '../api/job-request.ts';
import { idempotencyKeyOf } from '../api/request.ts';
import { jobIdOfKey, newJobId } from '../jobs/ids.ts';
import { readLimits, readSettings } from '../jobs/settings.ts';
import { api } from './middleware/api.ts';
import { ownerOf } from './middleware/caller.ts';
import { openExecutions, openStore } from './middleware/services.ts';
import { startJob } from './middleware/start-job.ts';

const services = { store: openStore(), executions: openExecutions() };
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();
const limits = readLimits();

/** `POST /jobs`: starts a job with one AWS call, then 202. With an Idempotency-Key two calls, and 200 for a repeated request. */
export const handler = api(async (event) => {
  const owner = ownerOf(event, OWNER_WITHOUT_AUTHORIZER);
  const key = idempotencyKeyOf(event);
  const jobId = key === undefined ? newJobId() : jobIdOfKey(owner, key);
  const input = acceptJob(event.body ?? '', jobId, owner, limits);
  return await startJob(event, { jobId, input, key }, services);
});
