import { CronExpressionParser } from 'cron-parser';
import { Cron } from 'croner';

/** Returns the next run after an instant, or undefined. */
export type NextRun = (after: number) => number | undefined;

/** An independent Unix cron library; undefined if it does not accept the text. */
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
  // It does not terminate properly where clocks change by half an hour.
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

const weekdayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Checks whether a day field allows every day. */
function allowsAll(field: string, least: number, count: number): boolean {
  const allowed = new Set<number>();
  for (const part of field.toLowerCase().split(',')) {
    const [span = '', by = '1'] = part.split('/');
    const [from = 0, to = from] =
      span === '*'
        ? [least, least + count - 1]
        : span
            .split('-')
            .map((text) => (weekdayNames.includes(text) ? weekdayNames.indexOf(text) : Number(text)));
    for (let value = from; value <= to; value += Number(by)) allowed.add(least === 0 ? value % 7 : value);
  }
  return allowed.size === count;
}

/**
 * Rewrites the two day fields so that all libraries read them as crontab(5) defines. They differ in these cases:
 * - A field that begins with `*` is unrestricted, also with a step of 1, or as `*,5`: both fields must match then. croner
 *   treats only `*` so, cron-parser every field that allows every day.
 * - A field without a star that allows every day (`1-31`, `0-6`) is restricted: either of the two fields is enough, so every
 *   day is allowed. cron-parser treats it as unrestricted.
 * - Sunday by name is 0, also at the end of a range: croner reads it as 7 there, so `sun-sun` as every day.
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
