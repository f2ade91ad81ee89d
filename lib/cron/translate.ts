import { type DayRule, dayRules } from './days.ts';
import type { Cron } from './parse.ts';

/** Names, because EventBridge Scheduler counts Sunday as 1. */
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/**
 * Translates a cron expression to EventBridge Scheduler's form: `cron(minute hour day-of-month month day-of-week year)`, in
 * which one of the two day fields is always `?`. Returns two expressions if either of the day fields is enough; both fire
 * on a day that matches both. An expression cannot exceed the 256 characters that AWS allows.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 * @throws InvalidCron with the reason `both-days-required` or `never`.
 */
export const toAwsExpressions = (cron: Cron): string[] =>
  dayRules(cron).map((rule) => expressionOf(cron, rule));

function expressionOf({ minute, hour, month }: Cron, { daysOfMonth, daysOfWeek }: DayRule): string {
  const fields = [
    numbers(minute.values, 0, 59),
    numbers(hour.values, 0, 23),
    daysOfWeek === 'any' ? (daysOfMonth === 'any' ? '*' : numbers(daysOfMonth, 1, 31)) : '?',
    numbers(month.values, 1, 12),
    daysOfWeek === 'any' ? '?' : ranges(daysOfWeek, (day) => weekdays[day] ?? ''),
    '*',
  ];
  return `cron(${fields.join(' ')})`;
}

/** Writes values as `*`, as `start/step` if they continue to the end of the field, or as a list of values and ranges. */
function numbers(values: readonly number[], min: number, max: number): string {
  if (values.length === max - min + 1) return '*';
  const [first = min, second = first] = values;
  const step = second - first;
  const isRegular = values.every((value, index) => value === first + index * step);
  if (values.length > 2 && step > 1 && isRegular && (values.at(-1) ?? max) + step > max)
    return `${first}/${step}`;
  return ranges(values, String);
}

function ranges(values: readonly number[], format: (value: number) => string): string {
  const runs: number[][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.at(-1) === value - 1) last.push(value);
    else runs.push([value]);
  }
  return runs
    .flatMap((run) =>
      run.length > 2 ? [`${format(run[0] ?? 0)}-${format(run.at(-1) ?? 0)}`] : run.map(format),
    )
    .join(',');
}
