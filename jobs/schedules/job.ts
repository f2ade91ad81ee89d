import * as z from 'zod';
import { limits } from '../protocol.ts';
import { checkSize, JobRequest } from '../../api/job-request.ts';

/** What `POST /jobs/schedules/{scheduleId}/run` takes: nothing, so far. */
export const RunRequest = z.strictObject({});

/** What a schedule's jobs are made from. */
export interface ScheduledJob {
  scheduleId: string;
  /** Who made the schedule. */
  owner: string;
  /** JSON text. */
  input: string;
}

const defaults = {
  maxAttempts: limits.machineAttempts,
  timeoutSeconds: JobRequest.shape.timeoutSeconds.parse(undefined),
};

/**
 * The input of the execution that a schedule runs now.
 * @throws PayloadTooLarge when it exceeds 240,000 bytes.
 */
export function executionInput(jobId: string, { owner, input }: ScheduledJob): string {
  const text = JSON.stringify({ jobId, owner, origin: 'schedule', input, ...defaults });
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
