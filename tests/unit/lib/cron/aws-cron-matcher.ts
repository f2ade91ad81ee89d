/**
 * Decides when an EventBridge Scheduler cron expression fires. It was written from AWS's documentation alone, without
 * lib/cron, and the translator is tested against it. It rejects expressions that the translator must not produce.
 */
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

type Matches = (value: number) => boolean;

function matcher(text: string, least: number, most: number): Matches {
  if (text === '*') return () => true;
  const step = /^(\d+)\/(\d+)$/.exec(text);
  if (step) {
    const [start, by] = [Number(step[1]), Number(step[2])];
    if (start < least || start > most || by < 1) throw new Error(`not a step: ${text}`);
    return (value) => value >= start && (value - start) % by === 0;
  }
  const ranges = text.split(',').map((part) => {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (!range) throw new Error(`not documented: ${text}`);
    const [from, to] = [Number(range[1]), Number(range[2] ?? range[1])];
    if (from < least || to > most || from > to) throw new Error(`out of range: ${text}`);
    return { from, to };
  });
  return (value) => ranges.some(({ from, to }) => value >= from && value <= to);
}

/** Parses the day of week: SUN is 1, SAT is 7, and a slash is not allowed. */
function weekdayMatcher(text: string): Matches {
  if (text.includes('/')) throw new Error(`not documented: ${text}`);
  const numbers = text.replaceAll(/[A-Z]{3}/g, (word) => String(weekdays.indexOf(word) + 1));
  return matcher(numbers, 1, 7);
}

/** The days and times of day at which an expression fires, as the clocks of its time zone show them. */
export interface AwsCron {
  isOn(date: Date): boolean;
  /** Minutes from midnight, ascending. */
  minutes: number[];
}

export function readAwsCron(expression: string): AwsCron {
  if (expression.length > 256) throw new Error('longer than 256 characters');
  const fields = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$/.exec(expression)?.slice(1) ?? [];
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = '', year = ''] = fields;
  if (year !== '*') throw new Error('a year');
  if ((dayOfMonth === '?') === (dayOfWeek === '?'))
    throw new Error(`exactly one day field is ?: ${expression}`);
  const isMinute = matcher(minute, 0, 59);
  const isHour = matcher(hour, 0, 23);
  const isMonth = matcher(month, 1, 12);
  const isDay = dayOfWeek === '?' ? matcher(dayOfMonth, 1, 31) : weekdayMatcher(dayOfWeek);
  const dayOf = (date: Date): number => (dayOfWeek === '?' ? date.getUTCDate() : date.getUTCDay() + 1);
  return {
    isOn: (date) => isMonth(date.getUTCMonth() + 1) && isDay(dayOf(date)),
    minutes: Array.from({ length: 1440 }, (_, index) => index).filter(
      (index) => isHour(Math.floor(index / 60)) && isMinute(index % 60),
    ),
  };
}
