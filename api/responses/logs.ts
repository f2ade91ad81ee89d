import * as z from 'zod';
import { JobId } from '../../jobs/job-id.ts';
import { AttemptStatus, limits } from '../../jobs/protocol.ts';

/** The body of `GET /jobs/{jobId}/logs`. */
export const JobLogs = z
  .object({
    jobId: JobId,
    attempts: z.array(
      z.object({
        attempt: z.int().min(0).describe('Counted from 0.'),
        status: AttemptStatus,
        lines: z
          .array(z.string())
          .max(limits.logLines)
          .describe('Its last lines, 16 KiB at most; each a JSON object as text.'),
      }),
    ),
    full: z
      .object({ logGroup: z.string(), query: z.string() })
      .optional()
      .describe('Where every line is: a log group of CloudWatch, and a query for Logs Insights.'),
  })
  .meta({ id: 'JobLogs' });
export type JobLogs = z.infer<typeof JobLogs>;
