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

/** `POST /jobs/schedule`: 201; 200 where a request with this Idempotency-Key made it before. */
export const handler = api(async (event) => {
  const wanted = acceptSchedule(event.body ?? '', limits);
  const owner = ownerOf(event, OWNER_WITHOUT_AUTHORIZER);
  const { record, replayed } = await createSchedule(wanted, owner, idempotencyKeyOf(event), schedules);
  return {
    statusCode: replayed ? 200 : 201,
    headers: creationHeaders(`/jobs/schedules/${record.schedule.scheduleId}`, replayed),
    body: viewOfSchedule(record, Date.now()),
  };
});
