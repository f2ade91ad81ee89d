import { idempotencyKeyOf, readBody } from '../api/request.ts';
import { RunRequest } from '../api/schedule-request.ts';
import { jobIdOfRunNow } from '../jobs/ids.ts';
import { checkAcceptedResources } from '../jobs/resources.ts';
import { readSchedule } from '../jobs/schedules/lifecycle.ts';
import { executionInput, scheduledJobOf } from '../jobs/schedules/scheduled-job.ts';
import { readLimits, readSettings } from '../jobs/settings.ts';
import { api } from './middleware/api.ts';
import { callerOf } from './middleware/caller.ts';
import { openScheduleStore } from './middleware/schedule-services.ts';
import { openExecutions, openStore } from './middleware/services.ts';
import { startJob } from './middleware/start-job.ts';

const schedules = openScheduleStore();
const services = { store: openStore(), executions: openExecutions() };
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();
const limits = readLimits();

/** A key identifies one run of a schedule, even if the schedule was changed since. */
const isSame = (): boolean => true;

/** `POST /jobs/schedules/{scheduleId}/run`: starts a job of a schedule, also while it is paused. The job belongs to its owner. */
export const handler = api(async (event) => {
  const scheduleId = event.pathParameters?.['scheduleId'] ?? '';
  const caller = callerOf(event, OWNER_WITHOUT_AUTHORIZER);
  const key = idempotencyKeyOf(event);
  const scheduled = scheduledJobOf(await readSchedule(scheduleId, caller, schedules));
  readBody(event.body ?? '', RunRequest, 'run of a schedule');
  checkAcceptedResources(scheduled.resources, limits);
  const jobId = jobIdOfRunNow(scheduleId, key);
  const input = executionInput(jobId, scheduled);
  return await startJob(event, { jobId, input, key, source: { scheduleId }, isSame }, services);
});
