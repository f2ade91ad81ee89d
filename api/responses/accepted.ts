import * as z from 'zod';
import { JobId } from '../../jobs/job-id.ts';
import { JobStatus } from '../../jobs/protocol.ts';
import { ScheduleId } from '../../jobs/schedules/id.ts';

/** The answer to who posted a job, or ran one again. */
export const AcceptedJob = z
  .object({
    jobId: JobId,
    status: JobStatus.describe('QUEUED, or how the job stands that the Idempotency-Key stands for already.'),
    retryOf: JobId.optional().describe('The job that this one runs again.'),
    scheduleId: ScheduleId.optional().describe('The schedule that was run.'),
  })
  .meta({ id: 'AcceptedJob' });
export type AcceptedJob = z.infer<typeof AcceptedJob>;

/** The answer to who cancelled a job. */
export const CancelledJob = z
  .object({ jobId: JobId, status: JobStatus.extract(['CANCELLED']) })
  .meta({ id: 'CancelledJob' });
export type CancelledJob = z.infer<typeof CancelledJob>;
