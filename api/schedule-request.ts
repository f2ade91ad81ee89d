import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Instant, integerBetween, type Query, readBody, readQuery } from './request.ts';
import { longestCron, parseCron } from '../lib/cron/parse.ts';
import { CronRefused } from '../lib/cron/refused.ts';
import { toAwsExpressions } from '../lib/cron/translate.ts';
import { InvalidRequest } from '../jobs/errors.ts';
import { inputOf, JobRequest } from './job-request.ts';
import { ChangedOptions, differencesOf, optionsOf, RequestedOptions } from '../jobs/options.ts';
import { checkResources, type ResourceLimits } from '../jobs/resources.ts';
import { isTimeZone } from '../lib/time-zone.ts';
import { ScheduleId } from '../jobs/ids.ts';
import type { RequestedChange, RequestedSchedule } from '../jobs/schedules/lifecycle.ts';
import type { SchedulePosition } from '../jobs/schedules/ports.ts';

/** A cron expression that can be scheduled, with what it is for EventBridge Scheduler. */
const CronText = z
  .string()
  .meta({ override: { format: 'crontab', maxLength: longestCron } })
  .transform((text, context) => {
    try {
      return { text, expressions: toAwsExpressions(parseCron(text)) };
    } catch (error) {
      if (!(error instanceof CronRefused)) throw error;
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
  startAt: Instant.optional().describe('It fires from then on.'),
  endAt: Instant.optional().describe('It fires before then.'),
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

/** What `POST /jobs/schedules/{scheduleId}/run` takes: no fields yet. */
export const RunRequest = z.strictObject({});

/**
 * Reads the body of `POST /jobs/schedule`. Nothing here depends on the time: a repeated request is read as the first.
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

const allowed = 'Allowed: the nextToken of the page before.';

const Token = z
  .string()
  .max(200, allowed)
  .transform((text, context) => {
    try {
      return JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: allowed });
      return z.NEVER;
    }
  })
  .pipe(z.tuple([z.iso.datetime(), ScheduleId], allowed));

/** What `GET /jobs/schedules` takes. */
export const PageQuery = z.strictObject({
  limit: integerBetween(1, 50, 20),
  nextToken: Token.optional().describe('That of the page before.'),
});

/**
 * Reads the query of a list.
 * @throws InvalidRequest
 */
export function acceptPage(query: Query): { limit: number; after?: SchedulePosition } {
  const { limit, nextToken } = readQuery(query, PageQuery);
  const [createdAt, scheduleId] = nextToken ?? [];
  return {
    limit,
    ...(createdAt !== undefined && scheduleId !== undefined && { after: { createdAt, scheduleId } }),
  };
}

/** Where a page ended, as a token for the next request. */
export const nextTokenOf = ({ createdAt, scheduleId }: SchedulePosition): string =>
  Buffer.from(JSON.stringify([createdAt, scheduleId])).toString('base64url');
