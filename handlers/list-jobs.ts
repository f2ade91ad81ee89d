import { listJobs } from '../api/job-list.ts';
import { readSettings } from '../jobs/settings.ts';
import { api } from './middleware/api.ts';
import { ownerOf } from './middleware/caller.ts';
import { openStore } from './middleware/services.ts';

const store = openStore();
const { OWNER_WITHOUT_AUTHORIZER } = readSettings();

/** `GET /jobs`: lists the caller's jobs, newest first. */
export const handler = api(
  async (event) => {
    const owner = ownerOf(event, OWNER_WITHOUT_AUTHORIZER);
    const query = event.queryStringParameters ?? {};
    return { statusCode: 200, body: await listJobs(owner, query, { store, now: () => new Date() }) };
  },
  { readsQuery: true },
);
