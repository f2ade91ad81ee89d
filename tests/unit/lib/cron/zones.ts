/**
 * An implementation of time zones independent of lib/time-zone.ts: a table of the instants at which a zone's clocks change,
 * found by bisection. It covers the years 2024 to 2039.
 */
const hour = 60 * 60_000;
const [begin, end] = [Date.UTC(2023, 11, 1), Date.UTC(2040, 0, 1)];

/** A time in which the clocks of a zone are `offset` ahead of UTC (milliseconds). */
export interface Segment {
  from: number;
  until: number;
  offset: number;
}

const known = new Map<string, Segment[]>();

export function segmentsOf(zone: string): Segment[] {
  let segments = known.get(zone);
  if (!segments) known.set(zone, (segments = findSegments(zone)));
  return segments;
}

function findSegments(zone: string): Segment[] {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  // Swedish dates have the form of ISO 8601.
  const offsetAt = (instant: number): number =>
    Date.parse(`${format.format(instant).replace(' ', 'T')}Z`) - instant;
  const segments: Segment[] = [];
  let from = begin;
  for (let week = begin; week < end; week += 7 * 24 * hour) {
    let [before, after] = [week, week + 7 * 24 * hour];
    if (offsetAt(before) === offsetAt(after)) continue;
    const offset = offsetAt(before);
    while (after - before > 60_000) {
      const middle = Math.floor((before + after) / 120_000) * 60_000;
      if (offsetAt(middle) === offset) before = middle;
      else after = middle;
    }
    segments.push({ from, until: after, offset });
    from = after;
  }
  return [...segments, { from, until: end, offset: offsetAt(from) }];
}

/** Returns the instants at which the clocks show this time: none if they are set forward over it, two if set back. */
export const instantsOf = (wallClock: number, zone: string): number[] =>
  segmentsOf(zone)
    .filter(({ from, until, offset }) => wallClock - offset >= from && wallClock - offset < until)
    .map(({ offset }) => wallClock - offset);

export const offsetAt = (instant: number, zone: string): number =>
  segmentsOf(zone).find(({ from, until }) => instant >= from && instant < until)?.offset ?? 0;

/**
 * Returns the end of the hour after a clock change, if the instant is in the skipped or repeated time or in that hour.
 * In this time AWS's rule applies, and each library has another rule.
 */
export function endOfDisturbance(instant: number, zone: string): number | undefined {
  const segments = segmentsOf(zone);
  for (const [index, { until, offset }] of segments.entries()) {
    const next = segments[index + 1];
    if (!next) return undefined;
    const change = Math.abs(next.offset - offset);
    const end = until + change + hour;
    if (instant >= until - change && instant < end) return end;
  }
  return undefined;
}
