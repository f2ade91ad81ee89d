import { type DayRule, dayRules } from './days.ts';
import type { Cron } from './parse.ts';

/** EventBridge Scheduler counts Sunday as 1; names leave no room for that mistake. */
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/**
 * Says a cron expression in EventBridge Scheduler's words: `cron(minute hour day-of-month month day-of-week year)`, one of
 * the two day fields always `?`. Two expressions where either of two day fields is enough; both fire on a day that
 * matches both. None can exceed the 256 characters that AWS allows. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 * @throws CronRefused with the reason `both-days-required` or `never`.
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

/** `*`, `start/step` where the values go on so to the end of the field, or a list of values and ranges. */
function numbers(values: readonly number[], least: number, most: number): string {
  if (values.length === most - least + 1) return '*';
  const [first = least, second = first] = values;
  const step = second - first;
  const goesOn = values.every((value, index) => value === first + index * step);
  if (values.length > 2 && step > 1 && goesOn && (values.at(-1) ?? most) + step > most)
    return `${first}/${step}`;
  return ranges(values, String);
}

function ranges(values: readonly number[], say: (value: number) => string): string {
  const runs: number[][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.at(-1) === value - 1) last.push(value);
    else runs.push([value]);
  }
  return runs
    .flatMap((run) => (run.length > 2 ? [`${say(run[0] ?? 0)}-${say(run.at(-1) ?? 0)}`] : run.map(say)))
    .join(',');
}
