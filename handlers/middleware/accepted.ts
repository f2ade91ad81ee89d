import type { AcceptedJob } from '../../api/responses/accepted.ts';
import type { Started } from '../../jobs/start.ts';
import type { Answer } from './api.ts';

/** Where what was asked for is, and whether a request with the same Idempotency-Key had made it before. */
export const madeAt = (location: string, replayed: boolean): Record<string, string> => ({
  location,
  ...(replayed && { 'idempotency-replayed': 'true' }),
});

/** The answer to who posted a job: 202, or 200 for a request that was made before. */
export const accepted = (
  { jobId, status, replayed }: Started,
  more: Pick<AcceptedJob, 'retryOf' | 'scheduleId'> = {},
): Answer => ({
  statusCode: replayed ? 200 : 202,
  headers: madeAt(`/jobs/${jobId}`, replayed),
  body: { jobId, status, ...more } satisfies AcceptedJob,
});
