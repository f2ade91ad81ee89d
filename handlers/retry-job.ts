import { findJob } from '../jobs/find.ts';
import { newJobId } from '../jobs/job-id.ts';
import { acceptRetry } from '../jobs/retry.ts';
import { readSettings } from '../jobs/settings.ts';
import { api } from './middleware/api.ts';
import { callerOf } from './middleware/caller.ts';
import { logger, openExecutions, openStore } from './services.ts';

const store = openStore();
const executions = openExecutions();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();

/** `POST /jobs/{jobId}/retry`: a new job with the same input, which names the old one. */
export const handler = api(async (event) => {
  const retryOf = event.pathParameters?.['jobId'] ?? '';
  const caller = callerOf(event, OWNER_WITHOUT_AUTHORIZER);
  const found = await findJob(retryOf, caller, store.read.bind(store), executions, Date.now());
  const jobId = newJobId();
  await executions.start(jobId, acceptRetry(found, event.body ?? '', jobId));
  logger.info('job accepted', { jobId, retryOf, requestId: event.requestContext.requestId });
  const body = { jobId, status: 'QUEUED', retryOf };
  return { statusCode: 202, headers: { location: `/jobs/${jobId}` }, body };
});
