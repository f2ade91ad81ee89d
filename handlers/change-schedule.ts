import { acceptChange } from '../api/schedule-request.ts';
import { viewOfSchedule } from '../api/schedule-view.ts';
import { changeSchedule } from '../jobs/schedules/lifecycle.ts';
import { readLimits, readSettings } from '../jobs/settings.ts';
import { api } from './middleware/api.ts';
import { callerOf } from './middleware/caller.ts';
import { openSchedules } from './middleware/schedule-services.ts';

const schedules = openSchedules();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();
const limits = readLimits();

/** `PATCH /jobs/schedules/{scheduleId}`: changes a schedule. A field that is absent stays as it is; `enabled` pauses and resumes. */
export const handler = api(async (event) => {
  const scheduleId = event.pathParameters?.['scheduleId'] ?? '';
  const caller = callerOf(event, OWNER_WITHOUT_AUTHORIZER);
  const record = await changeSchedule(scheduleId, caller, acceptChange(event.body ?? '', limits), schedules);
  return { statusCode: 200, body: viewOfSchedule(record, Date.now()) };
});
