import * as z from 'zod';
import { JobId } from '../../jobs/job-id.ts';
import { JobOptions } from '../../jobs/options.ts';
import { AttemptStatus, JobStatus, limits } from '../../jobs/protocol.ts';
import { Failure, Origin, Progress } from '../../jobs/record.ts';
import { ScheduleId } from '../../jobs/schedules/id.ts';
import { WaitingReason } from '../../jobs/waiting-reason.ts';

/** An instant as every answer shows it. */
export const Time = z.iso.datetime().describe('RFC 3339, in UTC.');

/** An attempt as users see it. */
export const AttemptView = z
  .object({
    attempt: z.int().min(0).describe('Counted from 0.'),
    status: AttemptStatus,
    startedAt: Time.optional(),
    finishedAt: Time.optional(),
    records: z.int().min(0).optional().describe('How many records were processed.'),
    error: Failure.optional(),
    log: z
      .array(z.string())
      .max(limits.logLines)
      .describe('Its last lines, 16 KiB at most; each a JSON object as text.'),
  })
  .meta({ id: 'Attempt' });
export type AttemptView = z.infer<typeof AttemptView>;

/** What a queued job waits for, as users see it. */
export const WaitingView = z.object({ reason: WaitingReason, message: z.string() });
export type WaitingView = z.infer<typeof WaitingView>;

/** The options of a job or of a schedule's jobs; labels and resources are absent where they are empty. */
export const OptionsView = JobOptions.partial({ labels: true, resources: true });
export type OptionsView = z.infer<typeof OptionsView>;

/** A job as users see it: the body of `GET /jobs/{jobId}`. */
export const JobView = z
  .object({
    jobId: JobId,
    status: JobStatus,
    waitingReason: WaitingView.optional().describe(
      'What it waits for while it is QUEUED, as far as sweep has seen it.',
    ),
    owner: z.string().describe('Whose it is: the subject of their token, or the ARN of their IAM identity.'),
    origin: Origin,
    scheduleId: ScheduleId.optional().describe('The schedule it is of.'),
    scheduledAt: Time.optional().describe(
      'The minute of its tick; absent where the schedule was run by hand.',
    ),
    retryOf: JobId.optional().describe('The job that this one runs again.'),
    ...OptionsView.shape,
    input: z.unknown().optional().describe('A JSON object; absent when it has expired.'),
    progress: Progress.optional(),
    result: z.unknown().optional().describe('What the function made of it.'),
    error: Failure.optional(),
    attempts: z.array(AttemptView),
    createdAt: Time,
    startedAt: Time.optional(),
    finishedAt: Time.optional(),
  })
  .meta({ id: 'Job' });
export type JobView = z.infer<typeof JobView>;
