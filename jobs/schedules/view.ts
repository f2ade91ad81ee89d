import { parseExactly } from '../exact-json.ts';
import { ownerOfSchedule, type ScheduleItem, type ScheduleRecord } from './record.ts';
import { nextRunsOf } from './request.ts';

/** A schedule as users see it. Times are RFC 3339. */
export interface ScheduleView {
  scheduleId: string;
  name?: string;
  state: ScheduleItem['state'];
  owner: string;
  cron: string;
  timezone: string;
  /** What it is at EventBridge Scheduler: one expression, or two of which either is enough. */
  expressions: string[];
  startAt?: string;
  endAt?: string;
  /** The next five; none while it is paused. */
  nextRuns: string[];
  createdAt: string;
  updatedAt: string;
}

/** A schedule in a list. */
export function summaryOf(schedule: ScheduleItem, now: number): ScheduleView {
  const { scheduleId, name, state, cron, timezone, expressions, startAt, endAt, createdAt, updatedAt } =
    schedule;
  return {
    scheduleId,
    ...(name !== undefined && { name }),
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

/** A schedule by itself, with the input of its jobs. */
export const viewOfSchedule = (
  { schedule, input }: ScheduleRecord,
  now: number,
): ScheduleView & { input: unknown } => ({
  ...summaryOf(schedule, now),
  input: parseExactly(input),
});
