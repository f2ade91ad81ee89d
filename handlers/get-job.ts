import { JobQuery } from '../api/job-request.ts';
import { viewOfExecution, viewOfRecord } from '../api/job-view.ts';
import { readQuery } from '../api/request.ts';
import type { JobView } from '../api/responses/job.ts';
import { findJob } from '../jobs/find-job.ts';
import { isTerminal } from '../jobs/protocol.ts';
import { readSettings } from '../jobs/settings.ts';
import { waitForEnd } from '../jobs/wait-for-end.ts';
import { api } from './middleware/api.ts';
import { callerOf } from './middleware/caller.ts';
import { openExecutions, openStore } from './middleware/services.ts';

const store = openStore();
const executions = openExecutions();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();

/** `GET /jobs/{jobId}`: shows a job. With `?wait=` it responds when the job has ended, or after that many seconds. */
export const handler = api(
  async (event) => {
    const jobId = event.pathParameters?.['jobId'] ?? '';
    const { wait } = readQuery(event.queryStringParameters ?? {}, JobQuery);
    const caller = callerOf(event, OWNER_WITHOUT_AUTHORIZER);
    const find = async (): Promise<JobView> => {
      const lookup = await findJob(jobId, caller, store.read.bind(store), executions, Date.now());
      return 'record' in lookup ? viewOfRecord(lookup.record, Date.now()) : viewOfExecution(lookup.execution);
    };
    const view = await find();
    if (wait === 0 || isTerminal(view.status)) return { statusCode: 200, body: view };
    await waitForEnd(jobId, wait, { statusOf: (id) => store.statusOf(id) });
    return { statusCode: 200, body: await find() };
  },
  { readsQuery: true },
);
