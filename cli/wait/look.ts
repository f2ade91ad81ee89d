import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { isTerminal } from '../../jobs/protocol.ts';
import type { JobView } from '../../api/responses/job.ts';
import type { Answer, ApiClient } from '../api/client.ts';
import { ApiRefusal } from '../api/refusal.ts';

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

/**
 * Looks at a job that was just posted: Step Functions may take a moment to show what it has accepted.
 * @throws as lookAgain does; NotFound only when it is not there after some seconds either.
 */
export const lookAtNew = (jobId: string, api: ApiClient, signal: AbortSignal): Promise<Answer<JobView>> =>
  pRetry(() => api.job(jobId), {
    ...{ retries: 5, minTimeout: 250, maxTimeout: 2000, signal },
    shouldRetry: ({ error }) => error instanceof ApiRefusal && error.status === 404,
  });
