import * as z from 'zod';
import { JobId } from '../job-id.ts';
import { JobStatus } from '../protocol.ts';
import { Origin } from '../record.ts';
import { ScheduleId } from '../schedules/id.ts';
import { LabelsView, Time } from './job.ts';

/** A job in a list. */
export const JobSummary = z
  .object({
    jobId: JobId,
    status: JobStatus,
    origin: Origin,
    scheduleId: ScheduleId.optional().describe('The schedule it is of.'),
    scheduledAt: Time.optional().describe(
      'The minute of its tick; absent where the schedule was run by hand.',
    ),
    retryOf: JobId.optional().describe('The job that this one runs again.'),
    labels: LabelsView.optional(),
    createdAt: Time,
    startedAt: Time.optional(),
    finishedAt: Time.optional(),
  })
  .meta({ id: 'JobSummary' });
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
