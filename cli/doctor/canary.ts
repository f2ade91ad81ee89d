import type { JobView } from '../../api/responses/job.ts';
import { isTerminal } from '../../jobs/protocol.ts';
import type { ApiClient } from '../api/client.ts';
import { ApiRejection } from '../api/rejection.ts';
import { CommandFailure } from '../failure.ts';
import { durationBetween } from '../output/table.ts';
import { getNewJob, pollJob } from '../wait.ts';
import { failed, type Finding, ok } from './finding.ts';

const check = 'canary';

/** How long one request waits for the end of the canary. */
const pollSeconds = 10;

export interface CanaryOptions {
  input: object;
  /** Time limit; on AWS the canary may have to wait for a node. */
  seconds: number;
}

/** Runs one small job from start to end. A job that takes too long is cancelled, so that nothing is left running. */
export async function runCanary(
  api: ApiClient,
  { input, seconds }: CanaryOptions,
  signal: AbortSignal,
): Promise<Finding> {
  try {
    const { jobId } = (
      await api.submit({ input, timeoutSeconds: 60, maxAttempts: 1, labels: { canary: 'doctor' } })
    ).body;
    const job = await waitForCanary(jobId, api, seconds, signal);
    if (!isTerminal(job.status)) await cancelIfOpen(jobId, api);
    return canaryFinding(job, seconds);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const details = error instanceof ApiRejection ? error.details : [];
    const fields = details.map(({ field, message }) => `${field}: ${message}`);
    return failed(check, error.message, ...fields, ...error.hints);
  }
}

async function waitForCanary(
  jobId: string,
  api: ApiClient,
  seconds: number,
  signal: AbortSignal,
): Promise<JobView> {
  const deadline = performance.now() + seconds * 1000;
  let { body: job } = await getNewJob(jobId, api, signal);
  for (;;) {
    const left = Math.ceil((deadline - performance.now()) / 1000);
    if (isTerminal(job.status) || left <= 0) return job;
    job = (await pollJob(jobId, api, Math.min(left, pollSeconds), signal)).body;
  }
}

/** Cancels the canary; it may have ended meanwhile. */
async function cancelIfOpen(jobId: string, api: ApiClient): Promise<void> {
  try {
    await api.cancel(jobId);
  } catch (error) {
    if (!(error instanceof ApiRejection && error.status === 409)) throw error;
  }
}

function canaryFinding(job: JobView, seconds: number): Finding {
  const { jobId, status, waitingReason, error, createdAt, startedAt, finishedAt } = job;
  const advice = `For details: eks-jobs get ${jobId} and eks-jobs history ${jobId}.`;
  if (status === 'SUCCEEDED') {
    const [queued, ran] = [durationBetween(createdAt, startedAt), durationBetween(startedAt, finishedAt)];
    return ok(check, `job ${jobId} was QUEUED for ${queued} and RUNNING for ${ran}`);
  }
  if (!isTerminal(status)) {
    const reason = waitingReason ? `; ${waitingReason.reason}: ${waitingReason.message}` : '';
    return failed(
      check,
      `job ${jobId} was still ${status} after ${seconds} s and was cancelled${reason}`,
      advice,
    );
  }
  const reason = error ? `; ${error.code}: ${error.message}` : '';
  return failed(
    check,
    `job ${jobId} is ${status}${reason}`,
    advice,
    'Your own function may need another --canary-input.',
  );
}
