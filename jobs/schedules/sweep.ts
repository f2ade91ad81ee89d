import { forgotten, put } from './writes.ts';
import { type Dependencies, pendingAgain, settle } from './lifecycle.ts';
import type { ScheduleItem } from './record.ts';

/** Whoever began a change this long ago is not going to end it. */
const stuckAfter = 5 * 60_000;
/** The most that one sweep looks at; the oldest first, the rest waits for the next. */
const mostAsked = 100;

/** What one sweep of the schedules did. */
export interface SchedulesSwept {
  completed: number;
  undone: number;
}

/**
 * Leaves no schedule half done: one whose making was cut off is taken back (nobody was told of it), a change or a deletion
 * is completed. One that cannot be is reported and left to the next sweep.
 */
export async function sweepSchedules(dependencies: Dependencies): Promise<SchedulesSwept> {
  const { store, now, report } = dependencies;
  const swept: SchedulesSwept = { completed: 0, undone: 0 };
  const before = now().getTime() - stuckAfter;
  for (const schedule of await store.pending(mostAsked)) {
    if (schedule.pendingSince === undefined || Date.parse(schedule.pendingSince) > before) continue;
    try {
      const did = await sweepOne(schedule, dependencies);
      if (did) swept[did] += 1;
    } catch (problem) {
      report(`left schedule ${schedule.scheduleId} to the next sweep`, problem);
    }
  }
  return swept;
}

async function sweepOne(
  { scheduleId, version }: ScheduleItem,
  { store, aws, now }: Dependencies,
): Promise<keyof SchedulesSwept | undefined> {
  const before = await store.read(scheduleId);
  if (before?.schedule.version !== version) return undefined;
  const record = { ...before, schedule: pendingAgain(before.schedule, now()) };
  // Taken over: two sweeps do not work on one schedule.
  if (!(await store.write(put(record, before)))) return undefined;
  if (before.schedule.state === 'CREATING' || before.schedule.state === 'DELETING') {
    await aws.remove(scheduleId);
    await store.write(forgotten(record.schedule));
    return before.schedule.state === 'CREATING' ? 'undone' : 'completed';
  }
  await aws.put(record, false, now());
  await settle(record, store);
  return 'completed';
}
