import * as z from 'zod';
import { scheduleOwnerPrefix } from '../caller.ts';
import { defaultOptions, StoredOptions } from '../options.ts';
import { type Key, openPartition } from '../protocol.ts';
import type { Write } from '../write.ts';

/**
 * CREATING until EventBridge Scheduler is known to have all of it, DELETING until EventBridge Scheduler is known to have
 * nothing of it; in between ACTIVE or PAUSED.
 */
export const ScheduleState = z.enum(['CREATING', 'ACTIVE', 'PAUSED', 'DELETING']);

/** The item of one schedule in the table; its input is an item of its own. */
const ScheduleItem = z.object({
  scheduleId: z.string(),
  /** The owner with a prefix: in the index byOwner, schedules are apart from jobs. */
  owner: z.string(),
  createdAtId: z.string(),
  name: z.string().optional(),
  cron: z.string(),
  timezone: z.string(),
  /** EventBridge Scheduler has one schedule for each. */
  expressions: z.array(z.string()).min(1).max(2),
  startAt: z.string().optional(),
  endAt: z.string().optional(),
  /** The options of its jobs. */
  ...StoredOptions.shape,
  enabled: z.boolean(),
  state: ScheduleState,
  /** Each write raises it, on condition that it is as it was read. */
  version: z.number(),
  /** Since when EventBridge Scheduler may differ from the item; absent when the two are known to agree. */
  pendingSince: z.string().optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  /** Identifies the request; compared when a request with the same Idempotency-Key arrives. */
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

/** Makes the partition of an owner's schedules in the index byOwner. */
export const ownerPartition = (owner: string): string => `${scheduleOwnerPrefix}${owner}`;

/** Reads the owner of a schedule. */
export const ownerOfSchedule = ({ owner }: ScheduleItem): string => owner.slice(scheduleOwnerPrefix.length);

/** The partition of the index `open` in which sweep finds schedules that EventBridge Scheduler may differ from. */
export const pendingPartition = openPartition('SCHEDULES');

/** The condition that a schedule is as it was read. */
const unchanged = ({ version }: ScheduleItem): { version: number } => ({ version });

/** Puts a schedule and its input, on condition that the record before is still there; `undefined`: that there is none. */
export function putSchedule(
  { schedule, input }: ScheduleRecord,
  before: ScheduleRecord | undefined,
): Write[] {
  const { scheduleId, name, startAt, endAt, pendingSince, ...rest } = schedule;
  return [
    {
      put: {
        ...scheduleKey(scheduleId),
        scheduleId,
        ...rest,
        ...(name !== undefined && { name }),
        ...(startAt !== undefined && { startAt }),
        ...(endAt !== undefined && { endAt }),
        ...(pendingSince !== undefined && { pendingSince, open: pendingPartition }),
      },
      if: before ? unchanged(before.schedule) : { pk: null },
    },
    ...(before?.input === input ? [] : [{ put: { ...scheduleInputKey(scheduleId), json: input } }]),
  ];
}

/** Records that EventBridge Scheduler has this version. */
export const confirmSchedule = (schedule: ScheduleItem, state: ScheduleItem['state']): Write => ({
  update: scheduleKey(schedule.scheduleId),
  if: unchanged(schedule),
  set: { state },
  remove: ['pendingSince', 'open'],
});

/** Removes a schedule that EventBridge Scheduler has nothing of any more. */
export const removeSchedule = (schedule: ScheduleItem): Write[] => [
  { delete: scheduleKey(schedule.scheduleId), if: unchanged(schedule) },
  { delete: scheduleInputKey(schedule.scheduleId) },
];
