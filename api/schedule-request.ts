import { createHash } from 'node:crypto';
import * as z from 'zod';
import { instant, readBody } from './request.ts';
import { nextRuns } from '../lib/cron/next-runs.ts';
import { cronLengthLimit, InvalidCron, parseCron } from '../lib/cron/parse.ts';
import { toAwsExpressions } from '../lib/cron/translate.ts';
import { Conflict, InvalidRequest } from '../jobs/errors.ts';
import { inputOf, JobRequest } from './job-request.ts';
import {
  ChangedOptions,
  differencesOf,
  type JobOptions,
  optionsOf,
  RequestedOptions,
} from '../jobs/options.ts';
import { checkResources, type ResourceLimits } from '../jobs/resources.ts';
import { isTimeZone } from '../lib/time-zone.ts';

/** A cron expression that can be scheduled, with what it is for EventBridge Scheduler. */
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

/** What `POST /jobs/schedule` takes. */
export const ScheduleRequest = z.strictObject({
  cron: CronText.describe('As in crontab(5): five fields, or a nickname such as @daily.'),
  timezone: TimeZone.default('UTC').describe('A name of the IANA time zone database.'),
  input: JobRequest.shape.input,
  name: z
    .string()
    .regex(/^\P{C}{1,128}$/u, 'Allowed: 1 to 128 printable characters.')
    .optional(),
  startAt: instant().optional().describe('It fires from then on.'),
  endAt: instant().optional().describe('It fires before then.'),
  enabled: z.boolean().default(true).describe('Whether it fires.'),
  ...RequestedOptions.shape,
});

/** What `PATCH /jobs/schedules/{scheduleId}` takes: what is absent stays as it is. */
export const ScheduleChange = z
  .strictObject({
    cron: CronText.optional(),
    timezone: TimeZone.optional(),
    input: JobRequest.shape.input,
    enabled: z.boolean().optional().describe('Pauses it, or lets it fire again.'),
    ...ChangedOptions.shape,
  })
  .meta({ override: { minProperties: 1 } });

/** When a schedule fires, and whether. */
export interface Timing {
  cron: string;
  timezone: string;
  expressions: string[];
  enabled: boolean;
  startAt?: string | undefined;
  endAt?: string | undefined;
}

/** A schedule as it was asked for. */
export interface Wanted extends Timing, JobOptions {
  name?: string | undefined;
  /** JSON text. */
  input: string;
  /** The same for the same request, whatever the order of its fields. */
  fingerprint: string;
}

/**
 * Reads the body of `POST /jobs/schedule`. Nothing here depends on the time: a repeated request is read as the first.
 * @param most what a job may ask of its node.
 * @throws InvalidRequest
 */
export function acceptSchedule(body: string, most: ResourceLimits): Wanted {
  const request = readBody(body, ScheduleRequest, 'schedule');
  const { cron, timezone, name, startAt, endAt, enabled } = request;
  const options = optionsOf(request);
  checkResources(options.resources, most);
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
 * @param most what a job may ask of its node.
 * @throws InvalidRequest
 */
export function acceptChange(body: string, most: ResourceLimits): Partial<Omit<Wanted, 'fingerprint'>> {
  const { cron, timezone, input, enabled, ...options } = readBody(
    body,
    ScheduleChange,
    'change of a schedule',
  );
  if (options.resources) checkResources(options.resources, most);
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

/** The next times at which a schedule fires, RFC 3339; none while it is paused. */
export const nextRunsOf = (
  { cron, timezone, enabled, startAt, endAt }: Timing,
  now: number,
  count: number,
): string[] =>
  enabled
    ? nextRuns(parseCron(cron), timezone, now, count, {
        ...(startAt !== undefined && { startAt: Date.parse(startAt) }),
        ...(endAt !== undefined && { endAt: Date.parse(endAt) }),
      }).map((run) => new Date(run).toISOString())
    : [];

/**
 * Refuses a new schedule that would never run.
 * @throws InvalidRequest naming endAt.
 */
export function checkRuns(timing: Timing, now: number): void {
  if (nextRunsOf({ ...timing, enabled: true }, now, 1).length > 0) return;
  throw new InvalidRequest('The schedule would never run.', [
    { field: 'endAt', message: 'No time of the cron expression lies between now, or startAt, and endAt.' },
  ]);
}

/**
 * Refuses to change a schedule that has ended, or so that it would never run again.
 * @throws Conflict, InvalidRequest
 */
export function checkRunsAgain(timing: Timing, now: number): void {
  if (timing.endAt !== undefined && Date.parse(timing.endAt) <= now) {
    throw new Conflict(`The schedule ended at ${timing.endAt}. Delete it, and make another.`);
  }
  if (nextRunsOf({ ...timing, enabled: true }, now, 1).length > 0) return;
  throw new InvalidRequest('The schedule would never run again.', [
    {
      field: 'cron',
      message: `No time of the cron expression lies before its endAt, ${timing.endAt ?? ''}.`,
    },
  ]);
}
