import type { ScheduleList } from '../api/responses/schedule.ts';
import { acceptPage, nextTokenOf } from '../api/schedule-request.ts';
import { summaryOf } from '../api/schedule-view.ts';
import { readSettings } from '../jobs/settings.ts';
import { api } from './middleware/api.ts';
import { ownerOf } from './middleware/caller.ts';
import { openScheduleStore } from './middleware/schedule-services.ts';

const store = openScheduleStore();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();

/** `GET /jobs/schedules`: the caller's, the newest first. */
export const handler = api(
  async (event) => {
    const { limit, after } = acceptPage(event.queryStringParameters ?? {});
    const owner = ownerOf(event, OWNER_WITHOUT_AUTHORIZER);
    const { schedules, next } = await store.list(owner, limit, after);
    const now = Date.now();
    const body: ScheduleList = {
      schedules: schedules.map((schedule) => summaryOf(schedule, now)),
      ...(next && { nextToken: nextTokenOf(next) }),
    };
    return { statusCode: 200, body };
  },
  { readsQuery: true },
);
