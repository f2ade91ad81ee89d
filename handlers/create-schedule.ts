import { idempotencyKeyOf } from '../api/request.ts';
import { acceptSchedule } from '../api/schedule-request.ts';
import { viewOfSchedule } from '../api/schedule-view.ts';
import { createSchedule } from '../jobs/schedules/lifecycle.ts';
import { readLimits, readSettings } from '../jobs/settings.ts';
import { api, creationHeaders } from './middleware/api.ts';
import { ownerOf } from './middleware/caller.ts';
import { openSchedules } from './middleware/schedule-services.ts';

const schedules = openSchedules();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();
const limits = readLimits();

/** `POST /jobs/schedule` and `/jobs/schedules`: creates a schedule, 201; 200 if an earlier request with the Idempotency-Key did. */
export const handler = api(async (event) => {
  const requested = acceptSchedule(event.body ?? '', limits);
  const owner = ownerOf(event, OWNER_WITHOUT_AUTHORIZER);
  const { record, replayed } = await createSchedule(requested, owner, idempotencyKeyOf(event), schedules);
  return {
    statusCode: replayed ? 200 : 201,
    headers: creationHeaders(`/jobs/schedules/${record.schedule.scheduleId}`, replayed),
    body: viewOfSchedule(record, Date.now()),
  };
});
