import { listSchedules } from '../api/schedule-list.ts';
import { readSettings } from '../jobs/settings.ts';
import { api } from './middleware/api.ts';
import { ownerOf } from './middleware/caller.ts';
import { openScheduleStore } from './middleware/schedule-services.ts';

const store = openScheduleStore();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();

/** `GET /jobs/schedules`: lists the caller's schedules, newest first. */
export const handler = api(
  async (event) => {
    const owner = ownerOf(event, OWNER_WITHOUT_AUTHORIZER);
    const query = event.queryStringParameters ?? {};
    return { statusCode: 200, body: await listSchedules(owner, query, { store, now: () => new Date() }) };
  },
  { readsQuery: true },
);
