import type { ScheduleSummary, ScheduleView } from './responses/schedule.ts';
import { parseExactly } from '../lib/exact-json.ts';
import { ownerOfSchedule, type ScheduleItem, type ScheduleRecord } from '../jobs/schedules/record.ts';
import { viewOfOptions } from './job-view.ts';
import { nextRunsOf } from '../jobs/schedules/timing.ts';

/** Shows a schedule in a list. */
export function scheduleSummaryOf(schedule: ScheduleItem, now: number): ScheduleSummary {
  const { scheduleId, name, state, cron, timezone, expressions, startAt, endAt, createdAt, updatedAt } =
    schedule;
  return {
    scheduleId,
    ...(name !== undefined && { name }),
    status: state,
    state,
    owner: ownerOfSchedule(schedule),
    cron,
    timezone,
    expressions,
    ...(startAt !== undefined && { startAt }),
    ...(endAt !== undefined && { endAt }),
    nextRuns: state === 'DELETING' ? [] : nextRunsOf(schedule, now, 5),
    createdAt,
    updatedAt,
  };
}

/** Shows a schedule with the options and the input of its jobs. */
export const viewOfSchedule = ({ schedule, input }: ScheduleRecord, now: number): ScheduleView => ({
  ...scheduleSummaryOf(schedule, now),
  ...viewOfOptions(schedule),
  input: parseExactly(input),
});
