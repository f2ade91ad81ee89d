import { type DailyTimes, instantsFrom } from '../../../lib/daily-times.ts';
import { instantOf } from '../../../lib/time-zone.ts';
import { parseCronFields } from './cron-expression.ts';
import { invalid } from './errors.ts';

/** A parsed schedule expression. A rate counts from an anchor: its StartDate, or when the schedule was created. */
export type ScheduleExpression =
  { kind: 'cron'; times: DailyTimes } | { kind: 'rate'; period: number } | { kind: 'at'; wallClock: number };

const units: Readonly<Record<string, number>> = { minute: 60_000, hour: 60 * 60_000, day: 24 * 60 * 60_000 };

/** The number of days to search for a firing of a cron expression: its years end with 2199. */
const horizon = 230 * 366;

/**
 * Parses `cron(…)`, `rate(…)` or `at(…)`.
 * @throws AwsError ValidationException.
 */
export function parseExpression(text: string): ScheduleExpression {
  const [, kind, inner = ''] = /^(cron|rate|at)\(([^()]*)\)$/.exec(text) ?? [];
  if (text.length <= 256 && kind === 'cron') return { kind, times: parseCronFields(inner) };
  if (kind === 'rate') {
    const [, count, unit = ''] = /^\s*([1-9]\d{0,8})\s+(minute|hour|day)s?\s*$/.exec(inner) ?? [];
    if (count !== undefined) return { kind, period: Number(count) * (units[unit] ?? 0) };
  }
  if (kind === 'at' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(inner)) {
    const wallClock = Date.parse(`${inner}Z`);
    if (!Number.isNaN(wallClock)) return { kind, wallClock };
  }
  throw invalid(`Invalid Schedule Expression ${text}.`);
}

/** All that decides when a schedule fires; instants in epoch milliseconds. */
export interface FiringRule {
  expression: ScheduleExpression;
  zone: string;
  anchor: number;
  startDate: number | undefined;
  endDate: number | undefined;
}

/** Finds the first firing at or after `earliest`. One-time schedules do not use StartDate and EndDate. */
export function nextFiring(rule: FiringRule, earliest: number): number | undefined {
  const { expression, zone, anchor, startDate = -Infinity, endDate = Infinity } = rule;
  if (expression.kind === 'at') {
    const instant = instantOf(expression.wallClock, zone);
    return instant !== undefined && instant >= earliest ? instant : undefined;
  }
  const from = Math.max(earliest, startDate);
  const next =
    expression.kind === 'rate'
      ? anchor + Math.max(0, Math.ceil((from - anchor) / expression.period)) * expression.period
      : instantsFrom(expression.times, zone, from, horizon).next().value;
  return next !== undefined && next < endDate ? next : undefined;
}
