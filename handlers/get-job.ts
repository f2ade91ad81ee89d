import { checkJobId, type Caller, maySee, noSuchJob, ownExecution } from '../jobs/owned.ts';
import { readSettings } from '../jobs/settings.ts';
import { viewOfExecution, viewOfRecord, type JobView } from '../jobs/view.ts';
import { api } from './middleware/api.ts';
import { callerOf } from './middleware/caller.ts';
import { openExecutions, openStore } from './services.ts';

const store = openStore();
const executions = openExecutions();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();

/** `GET /jobs/{jobId}` */
export const handler = api(async (event) => {
  const jobId = event.pathParameters?.['jobId'] ?? '';
  return { statusCode: 200, body: await find(jobId, callerOf(event, OWNER_WITHOUT_AUTHORIZER), Date.now()) };
});

async function find(jobId: string, caller: Caller, now: number): Promise<JobView> {
  checkJobId(jobId);
  const record = await store.read(jobId, now);
  if (!record) return viewOfExecution(await ownExecution(jobId, caller, executions, now));
  if (!maySee(caller, record.job)) throw noSuchJob();
  return viewOfRecord(record);
}
