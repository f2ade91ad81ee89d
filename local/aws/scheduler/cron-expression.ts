import type { DailyTimes } from '../../../lib/daily-times.ts';
import { invalid } from './errors.ts';

/**
 * EventBridge Scheduler's cron, `cron(minutes hours day-of-month month day-of-week year)`: as documented, and no more.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 */
interface FieldRule {
  name: string;
  least: number;
  most: number;
  words?: readonly string[];
  /** Day-of-week alone has no increments. */
  steps: boolean;
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const rules = {
  minutes: { name: 'minutes', least: 0, most: 59, steps: true },
  hours: { name: 'hours', least: 0, most: 23, steps: true },
  dayOfMonth: { name: 'day-of-month', least: 1, most: 31, steps: true },
  month: { name: 'month', least: 1, most: 12, words: months, steps: true },
  dayOfWeek: { name: 'day-of-week', least: 1, most: 7, words: weekdays, steps: false },
  year: { name: 'year', least: 1970, most: 2199, steps: true },
} satisfies Record<string, FieldRule>;

const day = 24 * 60 * 60_000;

type OnDay = (date: Date) => boolean;

/**
 * Reads what stands in the parentheses.
 * @throws SchedulerError ValidationException, naming the field.
 */
export function readCron(fields: string): DailyTimes {
  const [minutes = '', hours = '', dayOfMonth = '', month = '', dayOfWeek = '', year = '', ...rest] = fields
    .trim()
    .split(/\s+/);
  if (year === '' || rest.length > 0) throw invalid('A cron expression has six fields.');
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw invalid('Exactly one of day-of-month and day-of-week of a cron expression must be ?.');
  }
  const [isYear, isMonth] = [valuesOf(year, rules.year), valuesOf(month, rules.month)];
  const isDay = dayOfWeek === '?' ? onDayOfMonth(dayOfMonth) : onDayOfWeek(dayOfWeek);
  const minuteSet = [...valuesOf(minutes, rules.minutes)].sort((left, right) => left - right);
  const hourSet = [...valuesOf(hours, rules.hours)].sort((left, right) => left - right);
  return {
    isOn: (date) => isYear.has(date.getUTCFullYear()) && isMonth.has(date.getUTCMonth() + 1) && isDay(date),
    minutes: hourSet.flatMap((hour) => minuteSet.map((minute) => hour * 60 + minute)),
  };
}

function onDayOfMonth(text: string): OnDay {
  if (text === 'L') return (date) => date.getUTCDate() === lastDay(date);
  const weekday = /^(\d{1,2})W$/.exec(text)?.[1];
  if (weekday !== undefined) {
    const [wanted = 0] = valuesOf(weekday, rules.dayOfMonth);
    return (date) => date.getUTCDate() === nearestWeekday(date, wanted);
  }
  const days = valuesOf(text, rules.dayOfMonth);
  return (date) => days.has(date.getUTCDate());
}

function onDayOfWeek(text: string): OnDay {
  if (text === 'L') return (date) => date.getUTCDay() === 6;
  const [, nthOf, nth] = /^(\w+)#([1-5])$/.exec(text) ?? [];
  const lastOf = /^(\w+)L$/.exec(text)?.[1];
  const only = nthOf ?? lastOf;
  const days = valuesOf(only ?? text, rules.dayOfWeek);
  return (date) => {
    if (!days.has(date.getUTCDay() + 1)) return false;
    if (nth !== undefined) return Math.ceil(date.getUTCDate() / 7) === Number(nth);
    return lastOf === undefined || date.getUTCDate() + 7 > lastDay(date);
  };
}

const lastDay = (date: Date): number =>
  new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();

/** The day from Monday to Friday nearest to a day, within its month. */
function nearestWeekday(date: Date, wanted: number): number | undefined {
  if (wanted > lastDay(date)) return undefined;
  const weekday = new Date(date.getTime() + (wanted - date.getUTCDate()) * day).getUTCDay();
  if (weekday === 6) return wanted === 1 ? 3 : wanted - 1;
  if (weekday === 0) return wanted === lastDay(date) ? wanted - 2 : wanted + 1;
  return wanted;
}

/** Lists of values, ranges and increments; an increment goes on to the end of the field. */
function valuesOf(text: string, rule: FieldRule): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [span = '', by, ...rest] = part.split('/');
    if (rest.length > 0 || (by !== undefined && (!rule.steps || span.includes('-')))) throw wrong(part, rule);
    const [first = '', last, ...more] = span.split('-');
    if (more.length > 0) throw wrong(part, rule);
    const from = span === '*' ? rule.least : valueOf(first, rule, part);
    const to =
      span === '*' || by !== undefined ? rule.most : last === undefined ? from : valueOf(last, rule, part);
    const step = by === undefined ? 1 : /^\d{1,4}$/.test(by) ? Number(by) : 0;
    if (step < 1 || from > to) throw wrong(part, rule);
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return values;
}

function valueOf(text: string, rule: FieldRule, part: string): number {
  const word = rule.words?.indexOf(text.toUpperCase()) ?? -1;
  const value = word >= 0 ? rule.least + word : /^\d{1,4}$/.test(text) ? Number(text) : -1;
  if (value < rule.least || value > rule.most) throw wrong(part, rule);
  return value;
}

const wrong = (part: string, { name, least, most }: FieldRule): Error =>
  invalid(
    `Invalid Schedule Expression: ${JSON.stringify(part)} in ${name}, which goes from ${least} to ${most}.`,
  );
