import { createHash } from 'node:crypto';
import * as z from 'zod';
import { instant, readBody } from './request.ts';
import { cronLengthLimit, InvalidCron, parseCron } from '../lib/cron/parse.ts';
import { toAwsExpressions } from '../lib/cron/translate.ts';
import { InvalidRequest } from '../jobs/errors.ts';
import { inputOf, JobRequest } from './job-request.ts';
import { ChangedOptions, differencesOf, optionsOf, RequestedOptions } from '../jobs/options.ts';
import { checkResources, type ResourceLimits } from '../jobs/resources.ts';
import { isTimeZone } from '../lib/time-zone.ts';
import type { RequestedChange, RequestedSchedule } from '../jobs/schedules/lifecycle.ts';

/** A cron expression, with the expressions that it becomes in EventBridge Scheduler. */
const CronText = z
  .string()
  .meta({ override: { format: 'crontab', maxLength: cronLengthLimit } })
  .transform((text, context) => {
    try {
      return { text, expressions: toAwsExpressions(parseCron(text)) };
    } catch (error) {
      if (!(error instanceof InvalidCron)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

const TimeZone = z
  .string()
  .refine(
    isTimeZone,
    'Allowed: a name of the IANA time zone database, such as Europe/Berlin; the default is UTC.',
  )
  .meta({ override: { format: 'iana-time-zone', maxLength: 50 } });

/** The body of `POST /jobs/schedule`. */
export const ScheduleRequest = z.strictObject({
  cron: CronText.describe('As in crontab(5): five fields, or a nickname such as @daily.'),
  timezone: TimeZone.default('UTC').describe('A name of the IANA time zone database.'),
  input: JobRequest.shape.input,
  name: z
    .string()
    .regex(/^\P{C}{1,128}$/u, 'Allowed: 1 to 128 printable characters.')
    .optional(),
  startAt: instant().optional().describe('The schedule fires from this time on.'),
  endAt: instant().optional().describe('The schedule fires before this time.'),
  enabled: z.boolean().default(true).describe('Whether the schedule fires; otherwise it is paused.'),
  ...RequestedOptions.shape,
});

/** The body of `PATCH /jobs/schedules/{scheduleId}`: a field that is absent stays as it is. */
export const ScheduleChange = z
  .strictObject({
    cron: CronText.optional(),
    timezone: TimeZone.optional(),
    input: JobRequest.shape.input,
    enabled: z.boolean().optional().describe('false pauses the schedule, true resumes it.'),
    ...ChangedOptions.shape,
  })
  .meta({ override: { minProperties: 1 } });

/** The body of `POST /jobs/schedules/{scheduleId}/run`: no fields yet. */
export const RunRequest = z.strictObject({});

/**
 * Reads the body of `POST /jobs/schedule`. The result does not depend on the time: a repeated request gives the same, while
 * the limits are the same.
 * @param limits of the resources of a job.
 * @throws InvalidRequest
 */
export function acceptSchedule(body: string, limits: ResourceLimits): RequestedSchedule {
  const request = readBody(body, ScheduleRequest, 'schedule');
  const { cron, timezone, name, startAt, endAt, enabled } = request;
  const options = optionsOf(request);
  checkResources(options.resources, limits);
  const input = inputOf(body);
  const identity = JSON.stringify([
    ...[cron.text, timezone, name, startAt, endAt, enabled, input],
    ...differencesOf(options),
  ]);
  if (startAt !== undefined && endAt !== undefined && endAt <= startAt) {
    throw new InvalidRequest('The schedule would never run.', [
      { field: 'endAt', message: 'Allowed: a time after startAt.' },
    ]);
  }
  const fingerprint = createHash('sha256').update(identity).digest('hex');
  const { text, expressions } = cron;
  return { cron: text, expressions, timezone, name, startAt, endAt, enabled, ...options, input, fingerprint };
}

/**
 * Reads the body of `PATCH /jobs/schedules/{scheduleId}`.
 * @param limits of the resources of a job.
 * @throws InvalidRequest
 */
export function acceptChange(body: string, limits: ResourceLimits): RequestedChange {
  const { cron, timezone, input, enabled, ...options } = readBody(
    body,
    ScheduleChange,
    'change of a schedule',
  );
  if (options.resources) checkResources(options.resources, limits);
  const change = {
    ...options,
    ...(cron && { cron: cron.text, expressions: cron.expressions }),
    ...(timezone !== undefined && { timezone }),
    ...(input && { input: inputOf(body) }),
    ...(enabled !== undefined && { enabled }),
  };
  if (Object.keys(change).length > 0) return change;
  throw new InvalidRequest(
    `The body changes nothing. Allowed: ${Object.keys(ScheduleChange.shape).join(', ')}.`,
  );
}
