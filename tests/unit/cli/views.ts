import type { JobView } from '../../../api/responses/job.ts';
import type { ScheduleView } from '../../../api/responses/schedule.ts';

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

/** Makes a schedule as the API returns it. */
export const scheduleView = (): ScheduleView => ({
  ...{ scheduleId: '01jdd0000000000000000000bb', status: 'ACTIVE', state: 'ACTIVE', owner: 'local' },
  ...{ cron: '@daily', timezone: 'UTC', expressions: ['cron(0 0 * * ? *)'], nextRuns: [] },
  ...{ createdAt: '2026-11-23T10:00:00.000Z', updatedAt: '2026-11-23T10:00:00.000Z' },
  ...{ timeoutSeconds: 60, maxAttempts: 2, labels: { a: '1' }, resources: { cpu: '500m' }, input: {} },
});
