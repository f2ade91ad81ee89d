import * as z from 'zod';
import { JobId } from '../../jobs/job-id.ts';
import { Time } from './job.ts';

/** One thing that happened in a job's execution. */
export const HistoryEntry = z
  .object({
    at: Time,
    type: z.string().describe('Step Functions’ own word for it: TaskSubmitted, ExecutionAborted …'),
    state: z.string().optional().describe('Register, RunJob, Settle or Failed.'),
    attempt: z.int().min(0).optional().describe('Which try of RunJob, counted from 0 as attempts are.'),
    error: z.string().optional(),
    cause: z.string().optional(),
  })
  .meta({ id: 'HistoryEntry' });
export type HistoryEntry = z.infer<typeof HistoryEntry>;

/** The body of `GET /jobs/{jobId}/history`. */
export const JobHistory = z
  .object({
    jobId: JobId,
    events: z.array(HistoryEntry).max(1000),
    truncated: z.boolean().describe('Whether there were more events than the first thousand.'),
  })
  .meta({ id: 'JobHistory' });
export type JobHistory = z.infer<typeof JobHistory>;
