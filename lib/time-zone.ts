/** Wall-clock times are milliseconds as if their zone were UTC: what `Date.UTC` makes of year, month, day and hour. */

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
 * Whether this is a name of the IANA time zone database, spelled as there. Offsets (`+01:00`) are none.
 * EventBridge Scheduler takes 50 characters at most.
 */
export function isTimeZone(name: string): boolean {
  if (name.length > 50 || !/^[A-Z]/.test(name)) return false;
  try {
    const { timeZone } = formatOf(name).resolvedOptions();
    // Intl takes names in any case, and resolves links: only where it did not can the spelling be compared.
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}

/** The wall-clock time of an instant. */
export function wallClockOf(instant: number, zone: string): number {
  const [month = 1, day = 1, year = 1970, hour = 0, minute = 0, second = 0] = formatOf(zone)
    .format(instant)
    .split(/\D+/)
    .map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const day = 24 * 60 * 60_000;

/**
 * The instant at which a zone's clocks show this time; the first of two where they are set back over it; undefined where
 * they are set forward over it. That is EventBridge Scheduler's rule: a time that does not exist is skipped, one that
 * comes twice fires once. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time
 */
export function instantOf(wallClock: number, zone: string): number | undefined {
  // Offsets a day before and after: zones lie between 12 hours behind and 14 ahead, and change far apart.
  return [wallClock - day, wallClock + day]
    .map((near) => wallClock - (wallClockOf(near, zone) - near))
    .sort((left, right) => left - right)
    .find((instant) => wallClockOf(instant, zone) === wallClock);
}
