import { viewOfSchedule } from '../api/schedule-view.ts';
import { readSchedule } from '../jobs/schedules/lifecycle.ts';
import { readSettings } from '../jobs/settings.ts';
import { api } from './middleware/api.ts';
import { callerOf } from './middleware/caller.ts';
import { openScheduleStore } from './middleware/schedule-services.ts';

const store = openScheduleStore();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();

/** `GET /jobs/schedules/{scheduleId}`: shows a schedule. */
export const handler = api(async (event) => {
  const scheduleId = event.pathParameters?.['scheduleId'] ?? '';
  const record = await readSchedule(scheduleId, callerOf(event, OWNER_WITHOUT_AUTHORIZER), store);
  return { statusCode: 200, body: viewOfSchedule(record, Date.now()) };
});
