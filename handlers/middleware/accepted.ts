import type { Started } from '../../jobs/start.ts';
import type { Answer } from './api.ts';

/** The answer to who posted a job: 202, or 200 for a request that was made before. */
export const accepted = (
  { jobId, status, replayed }: Started,
  more: Record<string, string> = {},
): Answer => ({
  statusCode: replayed ? 200 : 202,
  headers: { location: `/jobs/${jobId}`, ...(replayed && { 'idempotency-replayed': 'true' }) },
  body: { jobId, status, ...more },
});
