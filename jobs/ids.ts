import { createHash, randomBytes } from 'node:crypto';
import { decodeTime, ulid } from 'ulid';
import * as z from 'zod';

/** The id of a job: lower case, so that it can name a Kubernetes Job; at most 48 characters, so that two counts fit behind it. */
export const JobId = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$/);

/** The id of a schedule: a lower-case ULID, or 32 hexadecimal digits if it was created with an Idempotency-Key. */
export const ScheduleId = z
  .string()
  .regex(/^([0-7][0-9a-hjkmnp-tv-z]{25}|[0-9a-f]{32})$/, "Allowed: a schedule's id.");

/** Makes the id of a new job: a lower-case ULID, which sorts by its time. */
export const newJobId = (): string => ulid().toLowerCase();

/** Makes the id of the job of this owner's Idempotency-Key. It names the execution, so that there can be only one. */
export const jobIdOfKey = (owner: string, key: string): string => digest(owner, key).slice(0, 32);

/** Makes the id of a new schedule; with an Idempotency-Key it is always the same for this owner. */
export const newScheduleId = (owner: string, key: string | undefined): string =>
  key === undefined ? ulid().toLowerCase() : digest(owner, key).slice(0, 32);

/** Makes the id of a job that a schedule runs now; with an Idempotency-Key it is always the same. */
export const jobIdOfRunNow = (scheduleId: string, key: string | undefined): string =>
  `${jobIdPrefix(scheduleId)}now-${(key === undefined ? randomBytes(6).toString('hex') : digest(scheduleId, key)).slice(0, 11)}`;

const digest = (...parts: string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/**
 * Makes the job id from that in an execution's input. The id of a firing ends with the time that EventBridge Scheduler filled
 * in, and becomes schedule id and minute: so a firing that is delivered twice is one job. Register in run-job.asl.yml does
 * the same.
 */
export const registeredId = (text: string): string => text.replace(/T(..):(..):..Z$/, '-$1$2');

const Ulid = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** Reads when an id was made, in epoch milliseconds; undefined for ids without a time (made from a key or a firing). */
export const creationTimeOf = (jobId: string): number | undefined =>
  Ulid.test(jobId) ? decodeTime(jobId.toUpperCase()) : undefined;

/** Makes the prefix of the ids of all jobs of a schedule, which no other job has. */
export const jobIdPrefix = (scheduleId: string): string => `${scheduleId}-`;

/** The schedule of a job, and the minute of its firing: absent if the schedule was run by hand. */
interface ScheduleOrigin {
  scheduleId: string;
  scheduledAt?: string;
}

/** Reads the schedule and the firing from a job's id; undefined for jobs without a schedule. */
export function scheduleOriginOf(jobId: string): ScheduleOrigin | undefined {
  const [, scheduleId, date, hour, minute] =
    /^([0-9a-z]{26,32})-(?:now-[0-9a-f]{11}|(\d{4}-\d\d-\d\d)-(\d\d)(\d\d))$/.exec(jobId) ?? [];
  if (scheduleId === undefined) return undefined;
  return date === undefined
    ? { scheduleId }
    : { scheduleId, scheduledAt: `${date}T${hour ?? ''}:${minute ?? ''}:00.000Z` };
}
