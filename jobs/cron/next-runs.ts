import { instantOf, wallClockOf } from '../time-zone.ts';
import { type DayRule, dayRules } from './days.ts';
import type { Cron } from './parse.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

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
  const rules = dayRules(cron);
  const { startAt = -Infinity, endAt = Infinity } = window;
  const earliest = Math.max(after + 1, startAt);
  const runs: number[] = [];
  // Of a time that comes twice the first one counts: so what the clocks have shown already is over.
  const shown = wallClockOf(earliest, zone);
  const today = Math.floor(shown / day) * day;
  for (let index = 0; index < horizon && runs.length < count; index += 1) {
    const date = today + index * day;
    if (date - day > endAt) break;
    if (!isAllowed(new Date(date), cron, rules)) continue;
    for (const time of timesOf(cron)) {
      if (date + time < Math.floor(shown / minute) * minute) continue;
      const instant = instantOf(date + time, zone);
      if (instant === undefined || instant < earliest) continue;
      if (instant >= endAt || runs.length === count) break;
      runs.push(instant);
    }
  }
  return runs;
}

function isAllowed(date: Date, { month }: Cron, rules: readonly DayRule[]): boolean {
  return (
    month.values.includes(date.getUTCMonth() + 1) &&
    rules.some(
      ({ daysOfMonth, daysOfWeek }) =>
        (daysOfMonth === 'any' || daysOfMonth.includes(date.getUTCDate())) &&
        (daysOfWeek === 'any' || daysOfWeek.includes(date.getUTCDay())),
    )
  );
}

/** The times of a day, in milliseconds from its midnight. */
const timesOf = ({ hour, minute: minutes }: Cron): number[] =>
  hour.values.flatMap((each) => minutes.values.map((of) => (each * 60 + of) * minute));
