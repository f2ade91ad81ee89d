import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { retryLater } from '../api/errors.ts';
import { JobQuery } from '../api/job-request.ts';
import { viewOfExecution, viewOfRecord } from '../api/job-view.ts';
import { readQuery } from '../api/request.ts';
import type { JobView } from '../api/responses/job.ts';
import { findJob } from '../jobs/find-job.ts';
import { isTerminal } from '../jobs/protocol.ts';
import { readMaximumWaiters, readSettings } from '../jobs/settings.ts';
import { waitForEnd } from '../jobs/wait-for-end.ts';
import { takeWaitSlot } from '../jobs/wait-slot.ts';
import { api } from './middleware/api.ts';
import { callerOf } from './middleware/caller.ts';
import { logger } from './middleware/logger.ts';
import { openExecutions, openStore, openWaitSlots } from './middleware/services.ts';

const table = new DynamoDBClient();
const store = openStore(table);
const executions = openExecutions();
const slots = openWaitSlots(table);
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();
const maximumWaiters = readMaximumWaiters();

/** What a request needs after it has waited: it reads the job once more. In milliseconds. */
const reserve = 3000;

/**
 * `GET /jobs/{jobId}`: shows a job. With `?wait=` it responds when the job has ended, or after that many seconds. If too many
 * requests wait already, it responds at once, with the header Retry-After.
 */
export const handler = api(
  async (event, context) => {
    const jobId = event.pathParameters?.['jobId'] ?? '';
    const { wait } = readQuery(event.queryStringParameters ?? {}, JobQuery);
    const caller = callerOf(event, OWNER_WITHOUT_AUTHORIZER);
    const find = async (): Promise<JobView> => {
      const lookup = await findJob(jobId, caller, store.read.bind(store), executions, Date.now());
      return 'record' in lookup ? viewOfRecord(lookup.record, Date.now()) : viewOfExecution(lookup.execution);
    };
    const view = await find();
    if (wait === 0 || isTerminal(view.status)) return { statusCode: 200, body: view };

    // The first read may have been slow, and Lambda ends the function when its time is over.
    const left = context.getRemainingTimeInMillis();
    const seconds = Math.min(wait, (left - reserve) / 1000);
    const free = seconds > 0 ? await takeWaitSlot(maximumWaiters, left / 1000, { slots }) : undefined;
    if (!free) return { statusCode: 200, headers: retryLater, body: view };
    try {
      await waitForEnd(jobId, seconds, { statusOf: (id) => store.statusOf(id) });
    } finally {
      // A slot that cannot be freed expires; the job can be shown all the same.
      await free().catch((error: unknown) => {
        logger.warn('the slot of a waiting request was not freed', { jobId, error });
      });
    }
    return { statusCode: 200, body: await find() };
  },
  { readsQuery: true },
);
