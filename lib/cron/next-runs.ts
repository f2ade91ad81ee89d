import { instantsFrom } from '../daily-times.ts';
import { dayRules } from './days.ts';
import type { Cron } from './parse.ts';

/** How many days are searched: enough for five leap days, also around the year 2100, which is not a leap year. */
const searchedDays = 33 * 366;

/** The time in which a schedule may fire: from `startAt`, and before `endAt` (epoch milliseconds). */
export interface Window {
  startAt?: number | undefined;
  endAt?: number | undefined;
}

/**
 * Computes the next firings in EventBridge Scheduler, as epoch milliseconds: later than `after`, at most `count`.
 * When clocks change, EventBridge Scheduler's rule applies, not crontab(5)'s (docs/schedules.md).
 * @throws InvalidCron as dayRules does.
 */
export function nextRuns(
  cron: Cron,
  zone: string,
  after: number,
  count: number,
  window: Window = {},
): number[] {
  const { startAt = -Infinity, endAt = Infinity } = window;
  const rules = dayRules(cron);
  const times = {
    isOn: (date: Date): boolean =>
      cron.month.values.includes(date.getUTCMonth() + 1) &&
      rules.some(
        ({ daysOfMonth, daysOfWeek }) =>
          (daysOfMonth === 'any' || daysOfMonth.includes(date.getUTCDate())) &&
          (daysOfWeek === 'any' || daysOfWeek.includes(date.getUTCDay())),
      ),
    minutes: cron.hour.values.flatMap((hour) => cron.minute.values.map((minute) => hour * 60 + minute)),
  };
  const runs: number[] = [];
  for (const run of instantsFrom(times, zone, Math.max(after + 1, startAt), searchedDays)) {
    if (run >= endAt || runs.length === count) break;
    runs.push(run);
  }
  return runs;
}
