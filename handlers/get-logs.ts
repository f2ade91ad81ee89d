import { findJob } from '../jobs/find-job.ts';
import { readSettings } from '../jobs/settings.ts';
import { logsOf } from '../api/job-view.ts';
import { api } from './middleware/api.ts';
import { callerOf } from './middleware/caller.ts';
import { openExecutions, openStore } from './middleware/services.ts';

const store = openStore();
const executions = openExecutions();
const { OWNER_WITHOUT_AUTHORIZER, JOB_LOG_GROUP } = readSettings();

/** `GET /jobs/{jobId}/logs`: shows the last lines of each attempt, and where all lines are. */
export const handler = api(async (event) => {
  const jobId = event.pathParameters?.['jobId'] ?? '';
  const caller = callerOf(event, OWNER_WITHOUT_AUTHORIZER);
  const lookup = await findJob(jobId, caller, store.readDecisive.bind(store), executions, Date.now());
  const attempts = 'record' in lookup ? lookup.record.attempts : [];
  return { statusCode: 200, body: logsOf(jobId, attempts, JOB_LOG_GROUP) };
});
