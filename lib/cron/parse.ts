import { CronRefused } from './refused.ts';

/** One field: the values it allows, ascending, and whether its text begins with `*`, which matters for the day fields. */
export interface CronField {
  values: readonly number[];
  star: boolean;
}

/** The five fields of crontab(5). Days of the week are 0 (Sunday) to 6. */
export interface Cron {
  minute: CronField;
  hour: CronField;
  dayOfMonth: CronField;
  month: CronField;
  dayOfWeek: CronField;
}

interface FieldRule {
  name: string;
  least: number;
  most: number;
  /** Names in place of numbers, from `least` on. */
  words?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const rules = {
  minute: { name: 'minute', least: 0, most: 59 },
  hour: { name: 'hour', least: 0, most: 23 },
  dayOfMonth: { name: 'day of month', least: 1, most: 31 },
  month: { name: 'month', least: 1, most: 12, words: months },
  // 0 and 7 are both Sunday.
  dayOfWeek: { name: 'day of week', least: 0, most: 7, words: days },
} satisfies Record<string, FieldRule>;

/** The nicknames of crontab(5), but for @reboot, which is no time. */
const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** Longer than any expression people write. */
export const longestCron = 1000;

/**
 * Reads a time specification of crontab(5): numbers, names of months and days in any case (also in lists and ranges, as
 * cron programs allow), lists, ranges, steps behind `*` or a range, and nicknames.
 * @throws CronRefused with the reason `syntax`.
 */
export function parseCron(text: string): Cron {
  if (text.length > longestCron)
    refuse(`It is ${text.length} characters long; at most ${longestCron} are allowed.`);
  const trimmed = text.replace(/^[ \t]+|[ \t]+$/g, '');
  const [minute, hour, dayOfMonth, month, dayOfWeek, ...rest] = fieldsOf(trimmed);
  if (
    minute === undefined ||
    hour === undefined ||
    dayOfMonth === undefined ||
    month === undefined ||
    dayOfWeek === undefined ||
    rest.length > 0
  ) {
    return refuse(
      'It must have five fields: minute, hour, day of month, month, day of week. There are no seconds and no years.',
    );
  }
  return {
    minute: parseField(minute, rules.minute),
    hour: parseField(hour, rules.hour),
    dayOfMonth: parseField(dayOfMonth, rules.dayOfMonth),
    month: parseField(month, rules.month),
    dayOfWeek: sundayOnce(parseField(dayOfWeek, rules.dayOfWeek)),
  };
}

function fieldsOf(text: string): string[] {
  if (!text.startsWith('@')) return text === '' ? [] : text.split(/[ \t]+/);
  const fields = nicknames[text.toLowerCase()];
  if (fields === undefined)
    refuse(`There is no ${quote(text)}. There are ${Object.keys(nicknames).join(', ')}.`);
  return fieldsOf(fields);
}

function parseField(text: string, rule: FieldRule): CronField {
  const values = new Set(text.split(',').flatMap((part) => parsePart(part, rule)));
  return { values: [...values].sort((left, right) => left - right), star: text.startsWith('*') };
}

/** `*`, a value, or a range; with a step behind the first and the last. */
function parsePart(part: string, rule: FieldRule): number[] {
  const [range = '', step, ...rest] = part.split('/');
  if (rest.length > 0) refuse(`${place(part, rule)} has more than one step.`);
  const [first = '', last, ...more] = range.split('-');
  if (more.length > 0) refuse(`${place(part, rule)} is no range. Write 1-5.`);
  const whole = range === '*';
  if (step !== undefined && !whole && last === undefined) {
    refuse(
      `${place(part, rule)} has a step behind a single value. Write ${quote(`${first}-${rule.most}/${step}`)}.`,
    );
  }
  const from = whole ? rule.least : valueOf(first, part, rule);
  const to = whole ? rule.most : last === undefined ? from : valueOf(last, part, rule);
  if (from > to) refuse(`${place(part, rule)} runs backwards. Write a list, such as ${backwards(rule)}.`);
  const by = step === undefined ? 1 : stepOf(step, part, rule);
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by);
}

function stepOf(text: string, part: string, rule: FieldRule): number {
  const step = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (step < 1) refuse(`${place(part, rule)} has no step of 1 or more.`);
  return step;
}

function valueOf(text: string, part: string, { words = [], ...rule }: FieldRule): number {
  const word = words.indexOf(text.toLowerCase());
  if (word >= 0) return rule.least + word;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : -1;
  if (value >= rule.least && value <= rule.most) return value;
  const names = words.length > 0 ? ` or ${words.join(', ')}` : '';
  return refuse(
    `${place(part, rule)} is not understood. Allowed: ${rule.least} to ${rule.most}${names}; lists, ranges and steps of them.`,
  );
}

const sundayOnce = ({ values, star }: CronField): CronField => ({
  values: [...new Set(values.map((day) => day % 7))].sort((left, right) => left - right),
  star,
});

const place = (part: string, { name }: FieldRule): string => `In the ${name}, ${quote(part)}`;

/** People's own text in a message: cut, so that the message stays readable. */
const quote = (text: string): string => JSON.stringify(text.length > 30 ? `${text.slice(0, 30)}…` : text);

const backwards = ({ words, most, least }: FieldRule): string =>
  words === days ? 'FRI,SAT,SUN' : `${most - 1},${most},${least}`;

function refuse(message: string): never {
  throw new CronRefused('syntax', message);
}
