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
      .describe('Jobs that ended, by their final status.'),
  })
  .meta({ id: 'Stats' });
export type Stats = z.infer<typeof Stats>;

/** The body of every error response of this service; api/errors.ts makes it. */
export const ErrorBody = z
  .object({
    error: z.object({
      code: z.string().describe('The same for every error of its kind.'),
      message: z.string().describe('A description for people.'),
      details: z
        .array(z.object({ field: z.string(), message: z.string() }))
        .optional()
        .describe('For each wrong field its name, and what is allowed.'),
    }),
    requestId: z.string().describe('Include it when you report a problem; the log has it too.'),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof ErrorBody>;
