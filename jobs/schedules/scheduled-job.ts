import { checkEncodedSize, type ExecutionInput } from '../execution-input.ts';
import { type JobOptions, optionsOf } from '../options.ts';
import { ownerOfSchedule, type ScheduleRecord } from './record.ts';

/** What a schedule's jobs are made from. */
interface ScheduledJob extends JobOptions {
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
 * Makes the input of the execution that a schedule starts now.
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
  checkEncodedSize(text);
  return text;
}

/**
 * Makes the Input of a schedule's target, from which EventBridge Scheduler makes the execution's: Scheduler fills in the
 * scheduled time, and Register makes a job id with the scheduled minute from it. Scheduler replaces `<aws.scheduler.…>`
 * anywhere in its Input. Each `<` of the user's text is therefore written as JSON's escape.
 * @throws PayloadTooLarge when it exceeds 240,000 bytes.
 */
export function targetInput(job: ScheduledJob): string {
  const [before, after] = ['{"jobId":"', '"'];
  const text = executionInput('', job)
    .slice(before.length + after.length)
    .replaceAll('<', '\\u003c');
  const target = `${before}${job.scheduleId}-<aws.scheduler.scheduled-time>${after}${text}`;
  checkEncodedSize(target);
  return target;
}
