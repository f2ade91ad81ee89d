import { readBody } from '../jobs/body.ts';
import { executionInput, RunRequest } from '../jobs/schedules/job.ts';
import { jobIdOfRunNow } from '../jobs/schedules/id.ts';
import { readOwn } from '../jobs/schedules/lifecycle.ts';
import { ownerOfSchedule } from '../jobs/schedules/record.ts';
import { readSettings } from '../jobs/settings.ts';
import { accepted } from './middleware/accepted.ts';
import { api } from './middleware/api.ts';
import { callerOf } from './middleware/caller.ts';
import { idempotencyKeyOf } from './middleware/idempotency-key.ts';
import { openScheduleStore } from './schedules.ts';
import { logger, openExecutions, openStore } from './services.ts';

const store = openScheduleStore();
const jobs = openStore();
const executions = openExecutions();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();

/** `POST /jobs/schedules/{scheduleId}/run`: a job of it now, also while it is paused; its owner's, whoever asks. */
export const handler = api(async (event) => {
  const scheduleId = event.pathParameters?.['scheduleId'] ?? '';
  const { schedule, input } = await readOwn(scheduleId, callerOf(event, OWNER_WITHOUT_AUTHORIZER), store);
  const owner = ownerOfSchedule(schedule);
  readBody(event.body ?? '', RunRequest, 'run of a schedule');
  const key = idempotencyKeyOf(event);
  const jobId = jobIdOfRunNow(scheduleId, key);
  // While it runs, Step Functions answers a repeated start as it did the first.
  const known = key === undefined ? undefined : await jobs.read(jobId, Date.now());
  const started =
    !known && (await executions.startOnce(jobId, executionInput(jobId, { scheduleId, owner, input })));
  logger.info('job accepted', { jobId, scheduleId, requestId: event.requestContext.requestId });
  return accepted({ jobId, status: known?.job.status ?? 'QUEUED', replayed: !started }, { scheduleId });
});
