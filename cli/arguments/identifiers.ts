import { Argument, InvalidArgumentError } from 'commander';
import { JobId, ScheduleId } from '../../jobs/ids.ts';

/** Routes that stand where a job's id does; an id has 26 characters or more. */
const routes = ['stats', 'schedule', 'schedules'];

/** `<jobId>` */
export const jobIdArgument = (): Argument =>
  new Argument('<jobId>', 'as submit and list print it').argParser((text) => {
    if (JobId.safeParse(text).success && !routes.includes(text)) return text;
    throw new InvalidArgumentError('Allowed: an id as submit and list print it.');
  });

/** Reads a schedule's id. */
export function scheduleId(text: string): string {
  if (ScheduleId.safeParse(text).success) return text;
  throw new InvalidArgumentError('Allowed: an id as schedule list prints it.');
}

/** `<scheduleId>` */
export const scheduleIdArgument = (): Argument =>
  new Argument('<scheduleId>', 'as schedule create and schedule list print it').argParser(scheduleId);
