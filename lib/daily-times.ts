import { instantOf, wallClockOf } from './time-zone.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** Times of day on some days, as the clocks of a zone show them. */
export interface DailyTimes {
  /** Whether there are times on this day (midnight UTC stands for it). */
  isOn(date: Date): boolean;
  /** Minutes from midnight, ascending. */
  minutes: readonly number[];
}

/**
 * The instants at which they come up (epoch milliseconds), ascending, from `earliest` on. Looks at `days` days.
 * What the clocks skip is left out; what they show twice comes up the first time.
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
      // Of a time that comes twice the first one counts: so what the clocks have shown already is over.
      if (wallClock + minute <= shown) continue;
      const instant = instantOf(wallClock, zone);
      if (instant !== undefined && instant >= earliest) yield instant;
    }
  }
  return undefined;
}
