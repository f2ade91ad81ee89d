import { confirm, nextVersion, type ScheduleDependencies } from './lifecycle.ts';
import { putSchedule, removeSchedule, type ScheduleItem } from './record.ts';

/** In milliseconds. The request that began a change this long ago does not complete it any more. */
const stuckAfter = 5 * 60_000;
/** The maximum of schedules that one sweep reads, and of those the maximum that it tries to complete. */
const maximumRead = 10_000;
const maximumTried = 100;

/** What one sweep of the schedules did. The names are those of the log. */
export interface ScheduleSweepResult {
  completed: number;
  undone: number;
}

/**
 * Completes what was cut off: removes schedules whose creation was not confirmed to a caller, and completes changes and
 * deletions. A failure is reported and left to the next sweep.
 */
export async function sweepSchedules(dependencies: ScheduleDependencies): Promise<ScheduleSweepResult> {
  const { store, now, report } = dependencies;
  const result: ScheduleSweepResult = { completed: 0, undone: 0 };
  const before = now().getTime() - stuckAfter;
  // The longest pending first. Each try sets `pendingSince`, so schedules that cannot be completed do not hide the others.
  const stuck = (await store.pending(maximumRead))
    .filter((schedule) => pendingTime(schedule) <= before)
    .sort((left, right) => pendingTime(left) - pendingTime(right))
    .slice(0, maximumTried);
  for (const schedule of stuck) {
    try {
      const done = await sweepOne(schedule, dependencies);
      if (done) result[done] += 1;
    } catch (problem) {
      report(`left schedule ${schedule.scheduleId} to the next sweep`, problem);
    }
  }
  return result;
}

const pendingTime = ({ pendingSince }: ScheduleItem): number => Date.parse(pendingSince ?? '');

async function sweepOne(
  { scheduleId, version }: ScheduleItem,
  { store, scheduler, now }: ScheduleDependencies,
): Promise<keyof ScheduleSweepResult | undefined> {
  const before = await store.read(scheduleId);
  if (before?.schedule.version !== version) return undefined;
  const record = { ...before, schedule: nextVersion(before.schedule, now()) };
  // The new version takes the schedule over: two sweeps do not work on one.
  if (!(await store.write(putSchedule(record, before)))) return undefined;
  if (before.schedule.state === 'CREATING' || before.schedule.state === 'DELETING') {
    await scheduler.remove(scheduleId);
    await store.write(removeSchedule(record.schedule));
    return before.schedule.state === 'CREATING' ? 'undone' : 'completed';
  }
  await scheduler.put(record, false, now());
  await confirm(record, store);
  return 'completed';
}
