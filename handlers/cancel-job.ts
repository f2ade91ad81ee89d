import type { CancelledJob } from '../api/responses/job.ts';
import { cancel } from '../jobs/cancel.ts';
import { readSettings } from '../jobs/settings.ts';
import { api } from './middleware/api.ts';
import { callerOf } from './middleware/caller.ts';
import { logger } from './middleware/logger.ts';
import { openExecutions, openStore } from './middleware/services.ts';

const store = openStore();
const executions = openExecutions();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();

/** `DELETE /jobs/{jobId}`: cancels a job. */
export const handler = api(async (event) => {
  const jobId = event.pathParameters?.['jobId'] ?? '';
  const caller = callerOf(event, OWNER_WITHOUT_AUTHORIZER);
  await cancel(jobId, caller, { store, executions, now: () => new Date() });
  logger.info('job cancelled', { jobId, requestId: event.requestContext.requestId });
  return { statusCode: 202, body: { jobId, status: 'CANCELLED' } satisfies CancelledJob };
});
