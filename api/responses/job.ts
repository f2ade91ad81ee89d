import * as z from 'zod';
import { JobId, ScheduleId } from '../../jobs/ids.ts';
import { JobOptions } from '../../jobs/options.ts';
import { AttemptStatus, JobStatus, limits } from '../../jobs/protocol.ts';
import { Failure, Origin, Progress, WaitingReason } from '../../jobs/record.ts';

/** A time in a response. */
export const Time = z.iso.datetime().describe('RFC 3339, in UTC.');

/** The number of an attempt, or of a try of RunJob. */
const AttemptNumber = z.int().min(0);

const LogLines = z
  .array(z.string())
  .max(limits.logLines)
  .describe('The last lines, 16 KiB at most. Each line is a JSON object as text.');

/** The response to a request that posted a job, or ran one again. */
export const AcceptedJob = z
  .object({
    jobId: JobId,
    status: JobStatus.describe(
      'QUEUED, or the status of the job for which the Idempotency-Key was used before.',
    ),
    retryOf: JobId.optional().describe('The job that this job runs again.'),
    scheduleId: ScheduleId.optional().describe('The schedule whose job was started.'),
  })
  .meta({ id: 'AcceptedJob' });
export type AcceptedJob = z.infer<typeof AcceptedJob>;

/** The response to a request that cancelled a job. */
export const CancelledJob = z
  .object({ jobId: JobId, status: JobStatus.extract(['CANCELLED']) })
  .meta({ id: 'CancelledJob' });
export type CancelledJob = z.infer<typeof CancelledJob>;

/** An attempt in a response. */
export const AttemptView = z
  .object({
    attempt: AttemptNumber.describe('Counted from 0.'),
    status: AttemptStatus,
    startedAt: Time.optional(),
    finishedAt: Time.optional(),
    records: z.int().min(0).optional().describe('The number of processed records.'),
    error: Failure.optional(),
    log: LogLines,
  })
  .meta({ id: 'Attempt' });
export type AttemptView = z.infer<typeof AttemptView>;

/** The reason why a job does not run. */
const WaitingView = z.object({ reason: WaitingReason, message: z.string() });

/** The options of a job or of a schedule's jobs; labels and resources are absent where they are empty. */
export const OptionsView = JobOptions.partial({ labels: true, resources: true });
export type OptionsView = z.infer<typeof OptionsView>;

/** A job: the body of `GET /jobs/{jobId}`. */
export const JobView = z
  .object({
    jobId: JobId,
    status: JobStatus,
    waitingReason: WaitingView.optional().describe(
      'Why the job does not run: while it is QUEUED as the last sweep found it, while it is RUNNING if its container is gone.',
    ),
    owner: z.string().describe('The subject of the owner’s token, or the ARN of the owner’s IAM identity.'),
    origin: Origin,
    scheduleId: ScheduleId.optional().describe('The schedule that the job belongs to.'),
    scheduledAt: Time.optional().describe(
      'The minute of the firing; absent if the schedule was run by hand.',
    ),
    retryOf: JobId.optional().describe('The job that this job runs again.'),
    ...OptionsView.shape,
    input: z.unknown().optional().describe('A JSON object; absent when it has expired.'),
    progress: Progress.optional(),
    result: z.unknown().optional().describe('The result of the function.'),
    error: Failure.optional(),
    attempts: z.array(AttemptView),
    createdAt: Time,
    startedAt: Time.optional(),
    finishedAt: Time.optional(),
  })
  .meta({ id: 'Job' });
export type JobView = z.infer<typeof JobView>;

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
      .describe('Send it with the same query to get the next page; absent on the last page.'),
  })
  .meta({ id: 'JobList' });
export type JobList = z.infer<typeof JobList>;

/** One event of a job's execution. */
export const HistoryEntry = z
  .object({
    at: Time,
    type: z.string().describe('The type as Step Functions names it: TaskSubmitted, ExecutionAborted …'),
    state: z
      .string()
      .optional()
      .describe(
        'Register, RunJob, Settle or Failed; after a failure also IsDuplicate, WaitForTable, KeepSubmitting or WaitForCluster.',
      ),
    attempt: AttemptNumber.optional().describe(
      'The attempt that this try of RunJob is. A failed submission is not an attempt: the next try has its number.',
    ),
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
    truncated: z.boolean().describe('Whether there are more events than the first thousand.'),
  })
  .meta({ id: 'JobHistory' });
export type JobHistory = z.infer<typeof JobHistory>;

/** The body of `GET /jobs/{jobId}/logs`. */
export const JobLogs = z
  .object({
    jobId: JobId,
    attempts: z.array(
      z.object({
        attempt: AttemptNumber.describe('Counted from 0.'),
        status: AttemptStatus,
        lines: LogLines,
      }),
    ),
    full: z
      .object({ logGroup: z.string(), query: z.string() })
      .optional()
      .describe('Where all lines are stored: a log group of CloudWatch, and a query for Logs Insights.'),
  })
  .meta({ id: 'JobLogs' });
export type JobLogs = z.infer<typeof JobLogs>;
