import * as z from 'zod';

const Count = z.int().min(0);

/** The body of `GET /jobs/stats`. The first three count attempts, as the original did; `jobs` counts jobs. */
export const Stats = z
  .object({
    succeedJob: Count.describe('Attempts that succeeded.'),
    jobRetry: Count.describe('Attempts after a job’s first.'),
    failedJob: Count.describe('Attempts that failed.'),
    jobs: z
      .object({ succeeded: Count, failed: Count, cancelled: Count, timedOut: Count })
      .describe('Jobs that ended, by how.'),
  })
  .meta({ id: 'Stats' });
export type Stats = z.infer<typeof Stats>;
