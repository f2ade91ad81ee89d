import { createHash, randomBytes } from 'node:crypto';
import { ulid } from 'ulid';
import * as z from 'zod';

/** A lower-case ULID, or 32 hexadecimal digits where it was made with an Idempotency-Key. */
export const ScheduleId = z
  .string()
  .regex(/^([0-7][0-9a-hjkmnp-tv-z]{25}|[0-9a-f]{32})$/, "Allowed: a schedule's id.");

/** The id of a new schedule: with a key always the same one for this caller. */
export const newScheduleId = (owner: string, key: string | undefined): string =>
  key === undefined ? ulid().toLowerCase() : digest(owner, key).slice(0, 32);

/** The id of a job that a schedule runs now; with a key always the same one. It begins with the schedule's id too. */
export const jobIdOfRunNow = (scheduleId: string, key: string | undefined): string =>
  `${scheduleId}-now-${(key === undefined ? randomBytes(6).toString('hex') : digest(scheduleId, key)).slice(0, 11)}`;

const digest = (...parts: string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** What the ids of all jobs of a schedule, and no others, begin with. */
export const jobIdPrefix = (scheduleId: string): string => `${scheduleId}-`;

/** Where a schedule's job comes from; scheduledAt is the minute of its tick, absent where it was run by hand. */
export interface Origin {
  scheduleId: string;
  scheduledAt?: string;
}

/** What the id of a schedule's job says; undefined for other jobs. */
export function originOf(jobId: string): Origin | undefined {
  const [, scheduleId, date, hour, minute] =
    /^([0-9a-z]{26,32})-(?:now-[0-9a-f]{11}|(\d{4}-\d\d-\d\d)-(\d\d)(\d\d))$/.exec(jobId) ?? [];
  if (scheduleId === undefined) return undefined;
  return date === undefined
    ? { scheduleId }
    : { scheduleId, scheduledAt: `${date}T${hour ?? ''}:${minute ?? ''}:00.000Z` };
}
