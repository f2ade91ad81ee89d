import { sumStats } from '../api/stats.ts';
import { api } from './middleware/api.ts';
import { openStore } from './middleware/services.ts';

const store = openStore();

/** `GET /jobs/stats`: counts the attempts and jobs of all owners. */
export const handler = api(async () => ({ statusCode: 200, body: sumStats(await store.counters()) }));
