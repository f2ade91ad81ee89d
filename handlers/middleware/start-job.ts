import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { AcceptedJob } from '../../api/responses/job.ts';
import type { Executions, JobStore } from '../../jobs/ports.ts';
import { type StartedJob, startOnce } from '../../jobs/start.ts';
import { creationHeaders, type RouteResponse } from './api.ts';
import { logger } from './logger.ts';

/** A job that a route starts. */
interface JobStart {
  jobId: string;
  /** The execution's input, as text. */
  input: string;
  /** The Idempotency-Key that the id was made from. */
  key: string | undefined;
  /** Further fields of the response. */
  source?: Pick<AcceptedJob, 'retryOf' | 'scheduleId'>;
  /** Compares a request with the one that used its key before; by default their inputs must be equal. */
  isSame?: Parameters<typeof startOnce>[3];
}

/**
 * Starts a job with one AWS call. With a key, it first looks for the job of an earlier request.
 * @returns 202, or 200 if a request with the same key started it before.
 * @throws as startOnce does.
 */
export async function startJob(
  { requestContext: { requestId } }: APIGatewayProxyEventV2,
  { jobId, input, key, source = {}, isSame }: JobStart,
  { store, executions }: { store: JobStore; executions: Executions },
): Promise<RouteResponse> {
  if (key !== undefined) {
    return accepted(
      await startOnce(jobId, input, { store, executions, now: () => new Date() }, isSame),
      source,
    );
  }
  await executions.start(jobId, input);
  logger.info('job accepted', { jobId, ...source, requestId });
  return accepted({ jobId, status: 'QUEUED', replayed: false }, source);
}

const accepted = (
  { jobId, status, replayed }: StartedJob,
  source: Pick<AcceptedJob, 'retryOf' | 'scheduleId'>,
): RouteResponse => ({
  statusCode: replayed ? 200 : 202,
  headers: creationHeaders(`/jobs/${jobId}`, replayed),
  body: { jobId, status, ...source } satisfies AcceptedJob,
});
