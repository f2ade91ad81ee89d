import { isTerminal } from '../../jobs/protocol.ts';
import type { JobView } from '../../api/responses/job.ts';
import type { ApiClient } from '../api/client.ts';
import { ApiRefusal } from '../api/refusal.ts';
import { CommandFailure } from '../failure.ts';
import { between } from '../output/text.ts';
import { lookAgain, lookAtNew } from '../wait/look.ts';
import { failed, type Finding, ok } from './finding.ts';

const check = 'canary';

/** How long one look waits for its end, in seconds. */
const pause = 10;

export interface Canary {
  input: object;
  /** How long it may take, in seconds: on AWS its node comes first. */
  seconds: number;
}

/** One trivial job, all the way. One that takes too long is cancelled: nothing of it is left to run. */
export async function runCanary(
  api: ApiClient,
  { input, seconds }: Canary,
  signal: AbortSignal,
): Promise<Finding> {
  try {
    const { jobId } = (
      await api.submit({ input, timeoutSeconds: 60, maxAttempts: 1, labels: { canary: 'doctor' } })
    ).body;
    const job = await endOf(jobId, api, seconds, signal);
    if (!isTerminal(job.status)) await cancelIfOpen(jobId, api);
    return describe(job, seconds);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const details = error instanceof ApiRefusal ? error.details : [];
    const fields = details.map(({ field, message }) => `${field}: ${message}`);
    return failed(check, error.message, ...fields, ...error.hints);
  }
}

async function endOf(jobId: string, api: ApiClient, seconds: number, signal: AbortSignal): Promise<JobView> {
  const deadline = performance.now() + seconds * 1000;
  for (let { body: job } = await lookAtNew(jobId, api, signal); ;) {
    const left = Math.ceil((deadline - performance.now()) / 1000);
    if (isTerminal(job.status) || left <= 0) return job;
    job = (await lookAgain(jobId, api, Math.min(left, pause), signal)).body;
  }
}

/** It may have ended meanwhile, which is no failure. */
async function cancelIfOpen(jobId: string, api: ApiClient): Promise<void> {
  try {
    await api.cancel(jobId);
  } catch (error) {
    if (!(error instanceof ApiRefusal && error.status === 409)) throw error;
  }
}

function describe(job: JobView, seconds: number): Finding {
  const { jobId, status, waitingReason, error, createdAt, startedAt, finishedAt } = job;
  const where = `eks-jobs get ${jobId} and eks-jobs history ${jobId} show more.`;
  if (status === 'SUCCEEDED') {
    const [queued, ran] = [between(createdAt, startedAt), between(startedAt, finishedAt)];
    return ok(check, `job ${jobId} was QUEUED for ${queued} and RUNNING for ${ran}`);
  }
  if (!isTerminal(status)) {
    const reason = waitingReason ? `; ${waitingReason.reason}: ${waitingReason.message}` : '';
    return failed(
      check,
      `job ${jobId} was still ${status} after ${seconds} s and was cancelled${reason}`,
      where,
    );
  }
  const why = error ? `; ${error.code}: ${error.message}` : '';
  return failed(
    check,
    `job ${jobId} is ${status}${why}`,
    where,
    'A function of your own may want another --canary-input.',
  );
}
