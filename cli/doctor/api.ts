import type { ApiClient } from '../api/client.ts';
import { ApiRejection } from '../api/rejection.ts';
import { CommandFailure } from '../failure.ts';
import { failed, type Finding, ok, skipped } from './finding.ts';

/** Checks whether the API responds, and whether it authorizes the caller. */
export async function checkApi(api: ApiClient): Promise<Finding[]> {
  const { origin } = api.connection.url;
  try {
    await api.list([['limit', '1']]);
    return [ok('api', `${origin} responds`), ok('access', 'you are authorized to read jobs')];
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const { message, hints } = error;
    if (!(error instanceof ApiRejection)) {
      return [failed('api', message, ...hints), skipped('access', 'the API does not respond')];
    }
    if (error.status === 401 || error.status === 403) {
      return [ok('api', `${origin} responds`), failed('access', message, ...hints)];
    }
    return [
      failed('api', message, ...hints, 'The log of the function has the reason, under the requestId.'),
      skipped('access', 'the API responds with an error'),
    ];
  }
}
