import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import type { AcceptedJob, JobView } from '../api/responses/job.ts';
import { isTerminal } from '../jobs/protocol.ts';
import type { ApiClient, ApiResponse } from './api/client.ts';
import { ApiRejection } from './api/rejection.ts';
import type { WaitOptions } from './arguments.ts';
import { exitCodeOfOutcome, exitCodes } from './exit-codes.ts';
import { Interrupted } from './failure.ts';
import { renderJob } from './output/job.ts';
import { openProgress } from './progress.ts';
import type { CommandSession } from './session.ts';

/** How long one request waits for the end, in seconds: a terminal shows progress sooner, elsewhere each change is a line. */
const pollSeconds = { terminal: 2, lines: 10 };

/**
 * Waits for the end of a job, shows its progress meanwhile, and prints the job.
 * @param options isNew: the job was posted just now.
 * @returns the exit code of the job's outcome.
 * @throws Interrupted by Ctrl-C: the job continues.
 */
export async function waitForJob(
  jobId: string,
  session: CommandSession,
  { waitSeconds, isNew = false }: Pick<WaitOptions, 'waitSeconds'> & { isNew?: boolean },
): Promise<number> {
  const { api, shell } = session;
  const seconds = shell.err.isTTY ? pollSeconds.terminal : pollSeconds.lines;
  const deadline = performance.now() + waitSeconds * 1000;
  const progress = openProgress(session);
  try {
    // The first request does not wait: it shows the current status at once.
    let response = isNew ? await getNewJob(jobId, api, shell.interrupted) : await api.job(jobId);
    for (;;) {
      const { status } = response.body;
      if (isTerminal(status)) {
        progress.stop();
        session.printResponse(response, renderJob);
        return exitCodeOfOutcome[status];
      }
      progress.update(response.body);
      const left = Math.ceil((deadline - performance.now()) / 1000);
      if (left <= 0) {
        progress.stop();
        session.report(`job ${jobId} is still ${status} after ${waitSeconds} s; it continues`);
        return exitCodes.stillRunning;
      }
      response = await pollJob(jobId, api, Math.min(seconds, left), shell.interrupted);
    }
  } catch (error) {
    if (!shell.interrupted.aborted) throw error;
    throw new Interrupted([
      `Job ${jobId} continues. To follow it: eks-jobs get ${jobId} --wait`,
      `To cancel it: eks-jobs cancel ${jobId}`,
    ]);
  } finally {
    progress.stop();
  }
}

/**
 * Finishes a command that posted a job: prints its id alone, for `$(…)`; with --wait waits and prints the job at its end.
 * @returns the exit code of the outcome, with --wait.
 */
export async function finishPost(
  response: ApiResponse<AcceptedJob>,
  session: CommandSession,
  options: WaitOptions,
): Promise<number | undefined> {
  const { jobId } = response.body;
  if (options.wait) {
    session.report(`job ${jobId} is accepted`);
    return await waitForJob(jobId, session, { ...options, isNew: true });
  }
  session.printResponse(response, () => `${jobId}\n`);
  if (session.shell.out.isTTY) session.report(`to wait for its end: eks-jobs get ${jobId} --wait`);
  return undefined;
}

/**
 * Reads a job when it ends or after some seconds, 25 at most; never sooner, even if the API or a proxy responds early, nor
 * sooner than the response's Retry-After.
 * @throws what the signal was aborted with, and as `ApiClient.job` does.
 */
export async function pollJob(
  jobId: string,
  api: ApiClient,
  seconds: number,
  signal: AbortSignal,
): Promise<ApiResponse<JobView>> {
  const start = performance.now();
  const response = await api.job(jobId, seconds);
  const { body, retryAfter = 0 } = response;
  const left = Math.max(seconds * 1000 - (performance.now() - start), retryAfter * 1000);
  if (left > 0 && !isTerminal(body.status)) await sleep(left, undefined, { signal });
  return response;
}

/**
 * Reads a job that was just posted: Step Functions may need a moment to show what it has accepted.
 * @throws as pollJob does; NotFound only if the job does not exist after some seconds either.
 */
export const getNewJob = (
  jobId: string,
  api: ApiClient,
  signal: AbortSignal,
): Promise<ApiResponse<JobView>> =>
  pRetry(() => api.job(jobId), {
    ...{ retries: 5, minTimeout: 250, maxTimeout: 2000, signal },
    shouldRetry: ({ error }) => error instanceof ApiRejection && error.status === 404,
  });
