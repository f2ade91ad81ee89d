import type { Stats } from '../../api/responses/service.ts';

/** What was counted between two looks at the counters. */
export const countedBetween = (before: Stats, after: Stats): Stats => ({
  succeedJob: after.succeedJob - before.succeedJob,
  jobRetry: after.jobRetry - before.jobRetry,
  failedJob: after.failedJob - before.failedJob,
  jobs: {
    succeeded: after.jobs.succeeded - before.jobs.succeeded,
    failed: after.jobs.failed - before.jobs.failed,
    cancelled: after.jobs.cancelled - before.jobs.cancelled,
    timedOut: after.jobs.timedOut - before.jobs.timedOut,
  },
});
