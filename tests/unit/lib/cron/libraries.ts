import { CronExpressionParser } from 'cron-parser';
import { Cron } from 'croner';

/** The next run after an instant, or undefined where there is none. */
export type NextRun = (after: number) => number | undefined;

/** A Unix cron library that nobody here wrote; undefined where it takes the text for no cron expression. */
export type Library = (text: string, zone: string) => NextRun | undefined;

export const croner: Library = (text, zone) => {
  try {
    const cron = new Cron(text, { timezone: zone });
    return (after) => cron.nextRun(new Date(after))?.getTime();
  } catch {
    return undefined;
  }
};

export const cronParser: Library = (text, zone) => {
  // It loses itself where clocks change by half an hour, and gives up.
  if (zone === 'Australia/Lord_Howe') return undefined;
  try {
    CronExpressionParser.parse(text, { tz: zone });
  } catch {
    return undefined;
  }
  return (after) => {
    try {
      return CronExpressionParser.parse(text, { tz: zone, currentDate: new Date(after) })
        .next()
        .getTime();
    } catch {
      return undefined;
    }
  };
};

export const libraries: Readonly<Record<string, Library>> = { croner, 'cron-parser': cronParser };

const words = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Whether a day field allows every day. */
function allowsAll(field: string, least: number, count: number): boolean {
  const allowed = new Set<number>();
  for (const part of field.toLowerCase().split(',')) {
    const [span = '', by = '1'] = part.split('/');
    const [from = 0, to = from] =
      span === '*'
        ? [least, least + count - 1]
        : span.split('-').map((text) => (words.includes(text) ? words.indexOf(text) : Number(text)));
    for (let value = from; value <= to; value += Number(by)) allowed.add(least === 0 ? value % 7 : value);
  }
  return allowed.size === count;
}

/**
 * The two day fields as crontab(5) means them, where the libraries differ from it and from each other:
 * - A field that begins with `*` is no restriction, also as a star with a step of 1, or `*,5`: both fields must match then. croner takes only
 *   `*` for that, cron-parser whatever allows every day.
 * - A field that does not, but allows every day (`1-31`, `0-6`), is a restriction: one of two, of which either is enough, so
 *   every day. cron-parser takes it for none.
 * - Sunday by name is 0, also at the end of a range: croner takes it for 7 there, so `sun-sun` for every day.
 */
export function asCrontabMeans(text: string): string {
  const [minute = '', hour = '', dates = '', month = '', weekdays = ''] = text.split(' ');
  if (text.startsWith('@')) return text.toLowerCase();
  const [everyDate, everyWeekday] = [allowsAll(dates, 1, 31), allowsAll(weekdays, 0, 7)];
  const both = dates.startsWith('*') || weekdays.startsWith('*');
  const open = both
    ? { dates: everyDate, weekdays: everyWeekday }
    : { dates: everyDate || everyWeekday, weekdays: everyDate || everyWeekday };
  return [
    minute,
    hour,
    open.dates ? '*' : dates,
    month,
    open.weekdays ? '*' : weekdays.replaceAll(/-sun/gi, '-0'),
  ].join(' ');
}
