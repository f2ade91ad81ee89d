import * as z from 'zod';
import { schedulesOf } from '../caller.ts';
import { defaultOptions, StoredOptions } from '../options.ts';
import { type Key, openPartition } from '../protocol.ts';

/**
 * CREATING until it is known to be at EventBridge Scheduler whole, DELETING until it is known to be gone from there;
 * between them ACTIVE or PAUSED.
 */
export const ScheduleState = z.enum(['CREATING', 'ACTIVE', 'PAUSED', 'DELETING']);

/** What the table holds of one schedule; its input is an item of its own. */
const ScheduleItem = z.object({
  scheduleId: z.string(),
  /** In the index byOwner schedules lie apart from jobs. */
  owner: z.string(),
  createdAtId: z.string(),
  name: z.string().optional(),
  cron: z.string(),
  timezone: z.string(),
  /** One schedule at EventBridge Scheduler for each. */
  expressions: z.array(z.string()).min(1).max(2),
  startAt: z.string().optional(),
  endAt: z.string().optional(),
  /** Those of its jobs. */
  ...StoredOptions.shape,
  enabled: z.boolean(),
  state: ScheduleState,
  /** Each write raises it, on condition that it is as it was read. */
  version: z.number(),
  /** Since when EventBridge Scheduler may differ from this; absent when it is known to be the same. */
  pendingSince: z.string().optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  /** What the request looked like; compared where one with the same Idempotency-Key comes again. */
  fingerprint: z.string(),
});
export type ScheduleItem = z.infer<typeof ScheduleItem>;

/** Reads a schedule's item. Schedules of older deployments have no options: their jobs have the defaults. */
export const scheduleOf = (item: Record<string, unknown>): ScheduleItem =>
  ScheduleItem.parse({ ...defaultOptions, ...item });

/** A schedule with the JSON text of its jobs' input. */
export interface ScheduleRecord {
  schedule: ScheduleItem;
  input: string;
}

const partition = (scheduleId: string): string => `SCHEDULE#${scheduleId}`;
export const scheduleSort = 'SCHEDULE';

export const scheduleKey = (scheduleId: string): Key => ({ pk: partition(scheduleId), sk: scheduleSort });
export const scheduleInputKey = (scheduleId: string): Key => ({ pk: partition(scheduleId), sk: 'INPUT' });

/** The partition of an owner's schedules in the index byOwner. */
export const ownerPartition = (owner: string): string => `${schedulesOf}${owner}`;

/** Who made a schedule. */
export const ownerOfSchedule = ({ owner }: ScheduleItem): string => owner.slice(schedulesOf.length);

/** The partition of the index `open` in which sweep finds schedules that are not known to be whole. */
export const pendingPartition = openPartition('SCHEDULES');
