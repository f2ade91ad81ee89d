import { instantOf, wallClockOf } from './time-zone.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** Times of day on some days, as the clocks of a time zone show them. */
export interface DailyTimes {
  /** Checks whether the day has these times; the day is given as its midnight in UTC. */
  isOn(date: Date): boolean;
  /** Minutes from midnight, ascending. */
  minutes: readonly number[];
}

/**
 * Yields the instants of these times (epoch milliseconds), ascending, from `earliest` on, in a number of days.
 * A time that the clocks skip is left out; a time that they show twice counts the first time.
 */
export function* instantsFrom(
  times: DailyTimes,
  zone: string,
  earliest: number,
  days: number,
): Generator<number, undefined> {
  const shown = wallClockOf(earliest, zone);
  const today = Math.floor(shown / day) * day;
  for (let date = today; date < today + days * day; date += day) {
    if (!times.isOn(new Date(date))) continue;
    for (const each of times.minutes) {
      const wallClock = date + each * minute;
      // A time that is shown twice counts the first time: skip a time that the clocks have already shown.
      if (wallClock + minute <= shown) continue;
      const instant = instantOf(wallClock, zone);
      if (instant !== undefined && instant >= earliest) yield instant;
    }
  }
  return undefined;
}
