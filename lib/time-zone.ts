/** Wall-clock times are milliseconds as if their zone were UTC: `Date.UTC` of year, month, day and hour. */

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

/**
 * Checks for a name of the IANA time zone database, in its exact spelling. Offsets (`+01:00`) are not accepted.
 * EventBridge Scheduler accepts at most 50 characters.
 */
export function isTimeZone(name: string): boolean {
  if (name.length > 50 || !/^[A-Z]/.test(name)) return false;
  try {
    const { timeZone } = formatOf(name).resolvedOptions();
    // Intl accepts names in any case, and resolves links: the spelling can be compared only if it did not resolve one.
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}

/** Returns the wall-clock time of an instant. */
export function wallClockOf(instant: number, zone: string): number {
  const [month = 1, day = 1, year = 1970, hour = 0, minute = 0, second = 0] = formatOf(zone)
    .format(instant)
    .split(/\D+/)
    .map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const day = 24 * 60 * 60_000;

/**
 * Returns the instant at which a zone's clocks show this time: the first of two if the clocks are set back over it, undefined
 * if they are set forward over it. This is EventBridge Scheduler's rule: a time that does not exist is skipped, and a time
 * that occurs twice fires once. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time
 */
export function instantOf(wallClock: number, zone: string): number | undefined {
  // The offsets a day before and a day after: zones are 12 hours behind to 14 ahead of UTC, and change rarely.
  return [wallClock - day, wallClock + day]
    .map((near) => wallClock - (wallClockOf(near, zone) - near))
    .sort((left, right) => left - right)
    .find((instant) => wallClockOf(instant, zone) === wallClock);
}
