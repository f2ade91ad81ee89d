import { instantsFrom } from '../daily-times.ts';
import { dayRules } from './days.ts';
import type { Cron } from './parse.ts';

/** Days that are looked at: five leap days in a row fit, also around the year 2100, which has none. */
const horizon = 33 * 366;

/** When a schedule may fire: not before `startAt`, and before `endAt` (epoch milliseconds). */
export interface Window {
  startAt?: number | undefined;
  endAt?: number | undefined;
}

/**
 * The next times at which EventBridge Scheduler will fire, as epoch milliseconds: later than `after`, `count` at most.
 * Around changes of the clocks its rule holds, not crontab(5)'s (docs/schedules.md).
 * @throws CronRefused as dayRules does.
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
  for (const run of instantsFrom(times, zone, Math.max(after + 1, startAt), horizon)) {
    if (run >= endAt || runs.length === count) break;
    runs.push(run);
  }
  return runs;
}
