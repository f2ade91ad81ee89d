import { NotFound } from '../jobs/errors.ts';
import { JobId, timeOf } from '../jobs/job-id.ts';
import { viewOfExecution, viewOfRecord, type JobView } from '../jobs/view.ts';
import { api } from './middleware/api.ts';
import { openExecutions, openStore } from './services.ts';

const store = openStore();
const executions = openExecutions();

/** A job is registered within seconds of its 202; an id this old that is not in the table never will be. */
const registeredWithin = 15 * 60_000;

/** `GET /jobs/{jobId}` */
export const handler = api(async (event) => {
  const jobId = event.pathParameters?.['jobId'] ?? '';
  const view = JobId.safeParse(jobId).success ? await find(jobId, Date.now()) : undefined;
  if (!view) throw new NotFound('There is no such job.');
  return { statusCode: 200, body: view };
});

async function find(jobId: string, now: number): Promise<JobView | undefined> {
  const record = await store.read(jobId, now);
  if (record) return viewOfRecord(record);
  const madeAt = timeOf(jobId);
  if (madeAt !== undefined && now - madeAt > registeredWithin) return undefined;
  const execution = await executions.ofJob(jobId);
  return execution && viewOfExecution(execution);
}
