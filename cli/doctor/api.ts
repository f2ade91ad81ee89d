import type { ApiClient } from '../api/client.ts';
import { ApiRefusal } from '../api/refusal.ts';
import { CommandFailure } from '../failure.ts';
import { failed, type Finding, ok, skipped } from './finding.ts';

/** Whether the API answers, and whether it lets this caller in: what everything else needs. */
export async function checkApi(api: ApiClient): Promise<Finding[]> {
  const { origin } = api.connection.url;
  try {
    await api.list([['limit', '1']]);
    return [ok('api', `${origin} answers`), ok('access', 'it lets you look at jobs')];
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const { message, hints } = error;
    if (!(error instanceof ApiRefusal)) {
      return [failed('api', message, ...hints), skipped('access', 'the API does not answer')];
    }
    if (error.status === 401 || error.status === 403) {
      return [ok('api', `${origin} answers`), failed('access', message, ...hints)];
    }
    return [
      failed('api', message, ...hints, 'The log of the function has the reason, under the requestId.'),
      skipped('access', 'the API does not work'),
    ];
  }
}
