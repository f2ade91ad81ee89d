import type { DailyTimes } from '../../../lib/daily-times.ts';
import { invalid } from './errors.ts';

/**
 * The rules of one field of EventBridge Scheduler's cron, `cron(minutes hours day-of-month month day-of-week year)`.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 */
interface FieldRule {
  name: string;
  minimum: number;
  maximum: number;
  words?: readonly string[];
  /** Whether increments are allowed: in every field but day-of-week. */
  steps: boolean;
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const rules = {
  minutes: { name: 'minutes', minimum: 0, maximum: 59, steps: true },
  hours: { name: 'hours', minimum: 0, maximum: 23, steps: true },
  dayOfMonth: { name: 'day-of-month', minimum: 1, maximum: 31, steps: true },
  month: { name: 'month', minimum: 1, maximum: 12, words: months, steps: true },
  dayOfWeek: { name: 'day-of-week', minimum: 1, maximum: 7, words: weekdays, steps: false },
  year: { name: 'year', minimum: 1970, maximum: 2199, steps: true },
} satisfies Record<string, FieldRule>;

const dayLength = 24 * 60 * 60_000;

type DayRule = (date: Date) => boolean;

/**
 * Parses the text in the parentheses.
 * @throws AwsError ValidationException, naming the field.
 */
export function parseCronFields(fields: string): DailyTimes {
  const [minutes = '', hours = '', dayOfMonth = '', month = '', dayOfWeek = '', year = '', ...rest] = fields
    .trim()
    .split(/\s+/);
  if (year === '' || rest.length > 0) throw invalid('A cron expression has six fields.');
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw invalid('Exactly one of day-of-month and day-of-week of a cron expression must be ?.');
  }
  const [years, monthNumbers] = [parseField(year, rules.year), parseField(month, rules.month)];
  const isDay = dayOfWeek === '?' ? parseDayOfMonth(dayOfMonth) : parseDayOfWeek(dayOfWeek);
  const minuteList = [...parseField(minutes, rules.minutes)].sort((left, right) => left - right);
  const hourList = [...parseField(hours, rules.hours)].sort((left, right) => left - right);
  return {
    isOn: (date) =>
      years.has(date.getUTCFullYear()) && monthNumbers.has(date.getUTCMonth() + 1) && isDay(date),
    minutes: hourList.flatMap((hour) => minuteList.map((minute) => hour * 60 + minute)),
  };
}

function parseDayOfMonth(text: string): DayRule {
  if (text === 'L') return (date) => date.getUTCDate() === lastDay(date);
  const weekday = /^(\d{1,2})W$/.exec(text)?.[1];
  if (weekday !== undefined) {
    const [dayOfMonth = 0] = parseField(weekday, rules.dayOfMonth);
    return (date) => date.getUTCDate() === nearestWeekday(date, dayOfMonth);
  }
  const days = parseField(text, rules.dayOfMonth);
  return (date) => days.has(date.getUTCDate());
}

function parseDayOfWeek(text: string): DayRule {
  if (text === 'L') return (date) => date.getUTCDay() === 6;
  const [, nthOf, nth] = /^(\w+)#([1-5])$/.exec(text) ?? [];
  const lastOf = /^(\w+)L$/.exec(text)?.[1];
  const days = parseField(nthOf ?? lastOf ?? text, rules.dayOfWeek);
  return (date) => {
    if (!days.has(date.getUTCDay() + 1)) return false;
    if (nth !== undefined) return Math.ceil(date.getUTCDate() / 7) === Number(nth);
    return lastOf === undefined || date.getUTCDate() + 7 > lastDay(date);
  };
}

const lastDay = (date: Date): number =>
  new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();

/** Finds the day from Monday to Friday nearest to a day of the month, within the month. */
function nearestWeekday(date: Date, dayOfMonth: number): number | undefined {
  if (dayOfMonth > lastDay(date)) return undefined;
  const weekday = new Date(date.getTime() + (dayOfMonth - date.getUTCDate()) * dayLength).getUTCDay();
  if (weekday === 6) return dayOfMonth === 1 ? 3 : dayOfMonth - 1;
  if (weekday === 0) return dayOfMonth === lastDay(date) ? dayOfMonth - 2 : dayOfMonth + 1;
  return dayOfMonth;
}

/** Parses lists of values, ranges and increments; an increment continues to the end of the field. */
function parseField(text: string, rule: FieldRule): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [span = '', by, ...rest] = part.split('/');
    if (rest.length > 0 || (by !== undefined && (!rule.steps || span.includes('-'))))
      throw invalidPart(part, rule);
    const [first = '', last, ...more] = span.split('-');
    if (more.length > 0) throw invalidPart(part, rule);
    const from = span === '*' ? rule.minimum : parseValue(first, rule, part);
    const to =
      span === '*' || by !== undefined
        ? rule.maximum
        : last === undefined
          ? from
          : parseValue(last, rule, part);
    const step = by === undefined ? 1 : /^\d{1,4}$/.test(by) ? Number(by) : 0;
    if (step < 1 || from > to) throw invalidPart(part, rule);
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return values;
}

function parseValue(text: string, rule: FieldRule, part: string): number {
  const word = rule.words?.indexOf(text.toUpperCase()) ?? -1;
  const value = word >= 0 ? rule.minimum + word : /^\d{1,4}$/.test(text) ? Number(text) : -1;
  if (value < rule.minimum || value > rule.maximum) throw invalidPart(part, rule);
  return value;
}

const invalidPart = (part: string, { name, minimum, maximum }: FieldRule): Error =>
  invalid(
    `Invalid Schedule Expression: ${JSON.stringify(part)} in ${name}, which goes from ${minimum} to ${maximum}.`,
  );
