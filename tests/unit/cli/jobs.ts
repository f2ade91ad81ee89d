import type { JobView } from '../../../api/responses/job.ts';

/** Makes a job as the API returns it. */
export const jobView = (job: Partial<JobView> = {}): JobView => ({
  jobId: '01jdd0000000000000000000aa',
  status: 'SUCCEEDED',
  owner: 'local',
  origin: 'api',
  attempts: [],
  maxAttempts: 3,
  timeoutSeconds: 3600,
  createdAt: '2026-11-23T10:00:00.000Z',
  ...job,
});
