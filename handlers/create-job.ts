import { newJobId } from '../jobs/job-id.ts';
import { acceptJob } from '../jobs/request.ts';
import { readSettings } from '../jobs/settings.ts';
import { api } from './middleware/api.ts';
import { ownerOf } from './middleware/caller.ts';
import { logger, openExecutions } from './services.ts';

const executions = openExecutions();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();

/** `POST /jobs`: exactly one AWS call, then 202. */
export const handler = api(async (event) => {
  const jobId = newJobId();
  const input = acceptJob(event.body ?? '', jobId, ownerOf(event, OWNER_WITHOUT_AUTHORIZER));
  await executions.start(jobId, input);
  logger.info('job accepted', { jobId, requestId: event.requestContext.requestId });
  return { statusCode: 202, headers: { location: `/jobs/${jobId}` }, body: { jobId, status: 'QUEUED' } };
});
