/** Why a cron expression is rejected. */
export type InvalidCronReason = 'syntax' | 'both-days-required' | 'never';

/** A cron expression that cannot be used. The message is for its author: it gives the reason and what to write instead. */
export class InvalidCron extends Error {
  override readonly name = 'InvalidCron';
  readonly reason: InvalidCronReason;

  constructor(reason: InvalidCronReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** One field: its allowed values, ascending, and whether its text begins with `*`, which matters for the day fields. */
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
  min: number;
  max: number;
  /** Names that can be used for the numbers from `min` on. */
  names?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const rules = {
  minute: { name: 'minute', min: 0, max: 59 },
  hour: { name: 'hour', min: 0, max: 23 },
  dayOfMonth: { name: 'day of month', min: 1, max: 31 },
  month: { name: 'month', min: 1, max: 12, names: months },
  // 0 and 7 are both Sunday.
  dayOfWeek: { name: 'day of week', min: 0, max: 7, names: days },
} satisfies Record<string, FieldRule>;

/** The nicknames of crontab(5), except @reboot, which does not name a time. */
const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** The limit on an expression's length, far above what people write. */
export const cronLengthLimit = 1000;

/**
 * Parses a time specification of crontab(5): numbers, names of months and days in any case (also in lists and ranges, as
 * cron programs allow), lists, ranges, steps after `*` or a range, and nicknames.
 * @throws InvalidCron with the reason `syntax`.
 */
export function parseCron(text: string): Cron {
  if (text.length > cronLengthLimit)
    reject(`It is ${text.length} characters long; at most ${cronLengthLimit} are allowed.`);
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
    return reject(
      'It must have five fields: minute, hour, day of month, month, day of week. Seconds and years are not supported.',
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
    reject(`${quote(text)} is not supported. Allowed: ${Object.keys(nicknames).join(', ')}.`);
  return fieldsOf(fields);
}

function parseField(text: string, rule: FieldRule): CronField {
  const values = new Set(text.split(',').flatMap((part) => parsePart(part, rule)));
  return { values: [...values].sort((left, right) => left - right), star: text.startsWith('*') };
}

/** Parses `*`, a value, or a range; `*` and a range may have a step. */
function parsePart(part: string, rule: FieldRule): number[] {
  const [range = '', step, ...rest] = part.split('/');
  if (rest.length > 0) reject(`${describePart(part, rule)} has more than one step.`);
  const [first = '', last, ...more] = range.split('-');
  if (more.length > 0) reject(`${describePart(part, rule)} is not a range. Write 1-5.`);
  const isStar = range === '*';
  if (step !== undefined && !isStar && last === undefined) {
    reject(
      `${describePart(part, rule)} has a step after a single value. Write ${quote(`${first}-${rule.max}/${step}`)}.`,
    );
  }
  const from = isStar ? rule.min : valueOf(first, part, rule);
  const to = isStar ? rule.max : last === undefined ? from : valueOf(last, part, rule);
  if (from > to)
    reject(
      `${describePart(part, rule)} is a range that runs backwards. Write a list, such as ${exampleList(rule)}.`,
    );
  const by = step === undefined ? 1 : stepOf(step, part, rule);
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by);
}

function stepOf(text: string, part: string, rule: FieldRule): number {
  const step = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (step < 1) reject(`${describePart(part, rule)} needs a step of 1 or more.`);
  return step;
}

function valueOf(text: string, part: string, { names = [], ...rule }: FieldRule): number {
  const index = names.indexOf(text.toLowerCase());
  if (index >= 0) return rule.min + index;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : -1;
  if (value >= rule.min && value <= rule.max) return value;
  const allowedNames = names.length > 0 ? ` or ${names.join(', ')}` : '';
  return reject(
    `${describePart(part, rule)} is not valid. Allowed: ${rule.min} to ${rule.max}${allowedNames}; lists, ranges and steps of them.`,
  );
}

/** Replaces 7, the second number of Sunday, by 0. */
const sundayOnce = ({ values, star }: CronField): CronField => ({
  values: [...new Set(values.map((day) => day % 7))].sort((left, right) => left - right),
  star,
});

const describePart = (part: string, { name }: FieldRule): string => `In the ${name}, ${quote(part)}`;

/** Quotes the user's text in a message, shortened. */
const quote = (text: string): string => JSON.stringify(text.length > 30 ? `${text.slice(0, 30)}…` : text);

const exampleList = ({ names, min, max }: FieldRule): string =>
  names === days ? 'FRI,SAT,SUN' : `${max - 1},${max},${min}`;

function reject(message: string): never {
  throw new InvalidCron('syntax', message);
}
