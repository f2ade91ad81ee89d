import { newJobId } from '../jobs/job-id.ts';
import { acceptJob } from '../jobs/request.ts';
import { readLimits, readSettings } from '../jobs/settings.ts';
import { jobIdOfKey, startOnce } from '../jobs/start.ts';
import { accepted } from './middleware/accepted.ts';
import { api } from './middleware/api.ts';
import { ownerOf } from './middleware/caller.ts';
import { idempotencyKeyOf } from './middleware/idempotency-key.ts';
import { logger, openExecutions, openStore } from './services.ts';

const store = openStore();
const executions = openExecutions();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();
const most = readLimits();

/** `POST /jobs`: exactly one AWS call, then 202; with an Idempotency-Key two, and 200 for a request that was made before. */
export const handler = api(async (event) => {
  const owner = ownerOf(event, OWNER_WITHOUT_AUTHORIZER);
  const key = idempotencyKeyOf(event);
  const jobId = key === undefined ? newJobId() : jobIdOfKey(owner, key);
  const input = acceptJob(event.body ?? '', jobId, owner, most);
  if (key !== undefined) {
    return accepted(await startOnce(jobId, input, { store, executions, now: () => new Date() }));
  }
  await executions.start(jobId, input);
  logger.info('job accepted', { jobId, requestId: event.requestContext.requestId });
  return accepted({ jobId, status: 'QUEUED', replayed: false });
});
