import { setTimeout as sleep } from 'node:timers/promises';
import { isTerminal } from '../../jobs/protocol.ts';
import type { JobView } from '../../jobs/view.ts';
import type { Answer, ApiClient } from '../api/client.ts';

/**
 * Looks at a job that goes on, when it ends or after so many seconds, 25 at most: never sooner, whatever stands before the API.
 * @throws what the signal was aborted with, and as `ApiClient.job` does.
 */
export async function lookAgain(
  jobId: string,
  api: ApiClient,
  seconds: number,
  signal: AbortSignal,
): Promise<Answer<JobView>> {
  const began = performance.now();
  const answer = await api.job(jobId, seconds);
  const left = seconds * 1000 - (performance.now() - began);
  if (left > 0 && !isTerminal(answer.body.status)) await sleep(left, undefined, { signal });
  return answer;
}
