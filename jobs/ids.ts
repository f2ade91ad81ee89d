import { decodeTime, ulid } from 'ulid';
import * as z from 'zod';

/** Lower case, so that it can name a Kubernetes Job; at most 48 characters, so that two counts fit behind it. */
export const JobId = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$/);

/** A new job id: a lower-case ULID, which sorts by the time it was made. */
export const newJobId = (): string => ulid().toLowerCase();

/**
 * The job id in an execution's input. That of a tick ends with the time that EventBridge Scheduler filled in, and becomes
 * schedule id and minute: so a tick that is delivered twice is one job. Register in run-job.asl.yml does the same.
 */
export const registeredId = (text: string): string => text.replace(/T(..):(..):..Z$/, '-$1$2');

const Ulid = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** When an id was made, in epoch milliseconds; undefined for ids that carry no time (made from a key or a tick). */
export const timeOf = (jobId: string): number | undefined =>
  Ulid.test(jobId) ? decodeTime(jobId.toUpperCase()) : undefined;
