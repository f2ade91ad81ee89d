import type { Write } from '../write.ts';
import {
  pendingPartition,
  type ScheduleItem,
  scheduleInputKey,
  scheduleKey,
  type ScheduleRecord,
} from './record.ts';

/** It must be as it was read. */
const unchanged = ({ version }: ScheduleItem): { version: number } => ({ version });

/** Puts a schedule and its input, on condition that what was before is still there; `undefined`: nothing. */
export function put({ schedule, input }: ScheduleRecord, before: ScheduleRecord | undefined): Write[] {
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

/** EventBridge Scheduler has this version. */
export const settled = (schedule: ScheduleItem, state: ScheduleItem['state']): Write => ({
  update: scheduleKey(schedule.scheduleId),
  if: unchanged(schedule),
  set: { state },
  remove: ['pendingSince', 'open'],
});

/** Nothing of it is at EventBridge Scheduler any more. */
export const forgotten = (schedule: ScheduleItem): Write[] => [
  { delete: scheduleKey(schedule.scheduleId), if: unchanged(schedule) },
  { delete: scheduleInputKey(schedule.scheduleId) },
];
