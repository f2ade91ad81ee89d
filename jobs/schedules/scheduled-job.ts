import * as z from 'zod';
import { checkSize, type ExecutionInput } from '../../api/job-request.ts';
import { type JobOptions, optionsOf } from '../options.ts';
import { ownerOfSchedule, type ScheduleRecord } from './record.ts';

/** What `POST /jobs/schedules/{scheduleId}/run` takes: nothing, so far. */
export const RunRequest = z.strictObject({});

/** What a schedule's jobs are made from. */
export interface ScheduledJob extends JobOptions {
  scheduleId: string;
  /** The owner of the schedule. */
  owner: string;
  /** JSON text. */
  input: string;
}

/** Reads from a schedule what its jobs are made from. */
export const scheduledJobOf = ({ schedule, input }: ScheduleRecord): ScheduledJob => ({
  scheduleId: schedule.scheduleId,
  owner: ownerOfSchedule(schedule),
  input,
  ...optionsOf(schedule),
});

/**
 * The input of the execution that a schedule runs now.
 * @throws PayloadTooLarge when it exceeds 240,000 bytes.
 */
export function executionInput(jobId: string, job: ScheduledJob): string {
  const text = JSON.stringify({
    jobId,
    owner: job.owner,
    origin: 'schedule',
    input: job.input,
    ...optionsOf(job),
  } satisfies ExecutionInput);
  checkSize(text);
  return text;
}

/**
 * The Input of a schedule's target, from which EventBridge Scheduler makes the execution's: it fills in the scheduled time,
 * and Register makes of it a job id with the scheduled minute. Scheduler replaces `<aws.scheduler.…>` wherever it stands,
 * so in the user's text, and only there, `<` is written as JSON's escape for it.
 * @throws PayloadTooLarge when it exceeds 240,000 bytes.
 */
export function targetInput(job: ScheduledJob): string {
  const [before, after] = ['{"jobId":"', '"'];
  const text = executionInput('', job)
    .slice(before.length + after.length)
    .replaceAll('<', '\\u003c');
  const whole = `${before}${job.scheduleId}-<aws.scheduler.scheduled-time>${after}${text}`;
  checkSize(whole);
  return whole;
}
