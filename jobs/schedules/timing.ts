import { nextRuns } from '../../lib/cron/next-runs.ts';
import { parseCron } from '../../lib/cron/parse.ts';
import { Conflict, InvalidRequest } from '../errors.ts';

/** When a schedule fires, and whether it does. */
export interface Timing {
  cron: string;
  timezone: string;
  expressions: string[];
  enabled: boolean;
  startAt?: string | undefined;
  endAt?: string | undefined;
}

/** Computes the next times at which a schedule fires, RFC 3339; none while it is paused. */
export const nextRunsOf = (
  { cron, timezone, enabled, startAt, endAt }: Timing,
  now: number,
  count: number,
): string[] =>
  enabled
    ? nextRuns(parseCron(cron), timezone, now, count, {
        ...(startAt !== undefined && { startAt: Date.parse(startAt) }),
        ...(endAt !== undefined && { endAt: Date.parse(endAt) }),
      }).map((run) => new Date(run).toISOString())
    : [];

const fires = (timing: Timing, now: number): boolean =>
  nextRunsOf({ ...timing, enabled: true }, now, 1).length > 0;

/**
 * Rejects a new schedule that would never run.
 * @throws InvalidRequest naming endAt.
 */
export function checkTiming(timing: Timing, now: number): void {
  if (fires(timing, now)) return;
  throw new InvalidRequest('The schedule would never run.', [
    { field: 'endAt', message: 'The cron expression has no time between now (or startAt) and endAt.' },
  ]);
}

/**
 * Rejects a change of a schedule that has ended, or that would never run again.
 * @throws Conflict, InvalidRequest
 */
export function checkChangedTiming(timing: Timing, now: number): void {
  if (timing.endAt !== undefined && Date.parse(timing.endAt) <= now) {
    throw new Conflict(`The schedule ended at ${timing.endAt}. Delete it and create another.`);
  }
  if (fires(timing, now)) return;
  throw new InvalidRequest('The schedule would never run again.', [
    {
      field: 'cron',
      message: `The cron expression has no time before the schedule's endAt, ${timing.endAt ?? ''}.`,
    },
  ]);
}
