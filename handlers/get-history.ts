import { historyOf } from '../api/job-view.ts';
import type { JobHistory } from '../api/responses/job.ts';
import { NotFound } from '../jobs/errors.ts';
import { arnOf } from '../jobs/execution.ts';
import { findJob } from '../jobs/find-job.ts';
import { readSettings } from '../jobs/settings.ts';
import { api } from './middleware/api.ts';
import { callerOf } from './middleware/caller.ts';
import { openExecutions, openStore } from './middleware/services.ts';

const store = openStore();
const executions = openExecutions();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();

/** `GET /jobs/{jobId}/history`: shows the history of the job's execution. */
export const handler = api(async (event) => {
  const jobId = event.pathParameters?.['jobId'] ?? '';
  const caller = callerOf(event, OWNER_WITHOUT_AUTHORIZER);
  const lookup = await findJob(jobId, caller, store.readDecisive.bind(store), executions, Date.now());
  const arn = 'record' in lookup ? arnOf(lookup.record.job.execution) : lookup.execution.arn;
  const history = await executions.history(arn);
  if (!history) throw new NotFound('Step Functions keeps a history for 90 days; that of this job is gone.');
  const body: JobHistory = { jobId, events: historyOf(history.events), truncated: history.truncated };
  return { statusCode: 200, body };
});
