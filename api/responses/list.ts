import * as z from 'zod';
import { JobView } from './job.ts';

/** A job in a list. */
export const JobSummary = JobView.pick({
  jobId: true,
  status: true,
  origin: true,
  scheduleId: true,
  scheduledAt: true,
  retryOf: true,
  labels: true,
  createdAt: true,
  startedAt: true,
  finishedAt: true,
}).meta({ id: 'JobSummary' });
export type JobSummary = z.infer<typeof JobSummary>;

/** The body of `GET /jobs`. */
export const JobList = z
  .object({
    jobs: z.array(JobSummary).max(100),
    cursor: z
      .string()
      .optional()
      .describe('Given back with the same query it continues the list; absent at its end.'),
  })
  .meta({ id: 'JobList' });
export type JobList = z.infer<typeof JobList>;
