import type { DeletedSchedule } from '../api/responses/schedule.ts';
import { deleteSchedule } from '../jobs/schedules/lifecycle.ts';
import { readSettings } from '../jobs/settings.ts';
import { api } from './middleware/api.ts';
import { callerOf } from './middleware/caller.ts';
import { openSchedules } from './middleware/schedule-services.ts';

const schedules = openSchedules();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();

/** `DELETE /jobs/schedules/{scheduleId}`: deletes a schedule; its jobs stay. */
export const handler = api(async (event) => {
  const scheduleId = event.pathParameters?.['scheduleId'] ?? '';
  await deleteSchedule(scheduleId, callerOf(event, OWNER_WITHOUT_AUTHORIZER), schedules);
  return {
    statusCode: 200,
    body: { scheduleId, status: 'DELETED', state: 'DELETED' } satisfies DeletedSchedule,
  };
});
