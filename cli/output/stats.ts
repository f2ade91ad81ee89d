import type { Stats } from '../../api/responses/service.ts';
import { details } from './table.ts';

/** The counters, under the API's own names. */
export const renderStats = ({ succeedJob, jobRetry, failedJob, jobs }: Stats): string =>
  details([
    ['succeedJob', `${succeedJob} attempts succeeded`],
    ['jobRetry', `${jobRetry} attempts were not a job's first`],
    ['failedJob', `${failedJob} attempts failed`],
    [
      'jobs',
      `${jobs.succeeded} succeeded, ${jobs.failed} failed, ${jobs.cancelled} cancelled, ${jobs.timedOut} timed out`,
    ],
  ]);
