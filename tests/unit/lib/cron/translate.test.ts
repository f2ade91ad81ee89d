import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cronLengthLimit, InvalidCron, parseCron } from '../../../../lib/cron/parse.ts';
import { toAwsExpressions } from '../../../../lib/cron/translate.ts';
import { cronText } from './expressions.ts';
import { asCrontabMeans, croner, cronParser } from './libraries.ts';

const translate = (text: string): string[] => toAwsExpressions(parseCron(text));

function rejectionOf(text: string): InvalidCron {
  try {
    translate(text);
  } catch (error) {
    if (error instanceof InvalidCron) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('a cron expression in EventBridge Scheduler’s form', () => {
  test.each([
    // The original sent 1 for Monday, which AWS reads as Sunday.
    ['0 7 * * MON', ['cron(0 7 ? * MON *)']],
    ['0 7 * * 1', ['cron(0 7 ? * MON *)']],
    ['0 7 * * 0', ['cron(0 7 ? * SUN *)']],
    ['0 7 * * 7', ['cron(0 7 ? * SUN *)']],
    ['0 7 * * 5-7', ['cron(0 7 ? * SUN,FRI,SAT *)']],
    ['0 7 * * sun-Sat', ['cron(0 7 * * ? *)']],
    // The original dropped the day of month.
    ['30 4 1,15 * *', ['cron(30 4 1,15 * ? *)']],
    // crontab(5)'s own example: the 1st and 15th, and every Friday.
    ['30 4 1,15 * 5', ['cron(30 4 1,15 * ? *)', 'cron(30 4 ? * FRI *)']],
    ['*/15 9-17 * jan,JUL 1-5', ['cron(0/15 9-17 ? 1,7 MON-FRI *)']],
    ['7-59/15 * * * *', ['cron(7/15 * * * ? *)']],
    ['10-30/10 * * * *', ['cron(10,20,30 * * * ? *)']],
    ['*/40 * * * *', ['cron(0,40 * * * ? *)']],
    ['*/99 * * * *', ['cron(0 * * * ? *)']],
    ['@hourly', ['cron(0 * * * ? *)']],
    ['@daily', ['cron(0 0 * * ? *)']],
    ['@Midnight', ['cron(0 0 * * ? *)']],
    ['@weekly', ['cron(0 0 ? * SUN *)']],
    ['@monthly', ['cron(0 0 1 * ? *)']],
    ['@yearly', ['cron(0 0 1 1 ? *)']],
    ['@ANNUALLY', ['cron(0 0 1 1 ? *)']],
    [' \t5  4\t* * * ', ['cron(5 4 * * ? *)']],
    // It fires in leap years.
    ['0 0 29 2 *', ['cron(0 0 29 2 ? *)']],
    // 30 February does not exist, 30 April does.
    ['0 0 30 2,4 *', ['cron(0 0 30 2,4 ? *)']],
    // The date never occurs, the weekday does.
    ['0 0 31 2 MON', ['cron(0 0 ? 2 MON *)']],
  ])('%s', (text, expressions) => {
    expect(translate(text)).toEqual(expressions);
  });

  // Cron programs and libraries differ most in when a day field is restricted; crontab(5) decides.
  test.each([
    ['*/1 * MON', ['cron(0 0 ? * MON *)'], 'both must match, and one always does'],
    ['*/2 * *', ['cron(0 0 1/2 * ? *)'], 'both must match, and one always does'],
    ['* * */2', ['cron(0 0 ? * SUN,TUE,THU,SAT *)'], 'both must match, and one always does'],
    ['1-31 * MON', ['cron(0 0 * * ? *)'], 'either is enough, and one always matches'],
    ['13 * 0-6', ['cron(0 0 * * ? *)'], 'either is enough, and one always matches'],
    ['15,*/2 * MON', ['cron(0 0 1/2 * ? *)', 'cron(0 0 ? * MON *)'], 'its text does not begin with *'],
  ])('days %s: %s, as %s', (days, expressions) => {
    expect(translate(`0 0 ${days}`)).toEqual(expressions);
  });
});

/** Computes the longest list of values and ranges that a field can have; three or more values in a row are a range. */
function longestList(least: number, most: number, width: (value: number) => number): number {
  const longest = new Map<number, number>();
  const from = (value: number): number => {
    if (value > most) return 0;
    const known = longest.get(value);
    if (known !== undefined) return known;
    const runs = [from(value + 1)];
    for (let last = value; last <= most; last += 1) {
      const runWidth = last === value ? width(value) + 1 : width(value) + width(last) + 2;
      runs.push(runWidth + from(last + 2));
    }
    longest.set(value, Math.max(...runs));
    return Math.max(...runs);
  };
  return from(least) - 1;
}

// "ScheduleExpression: … Maximum length of 256" (EventBridge Scheduler API): an expression is never rejected for its length.
test('an expression cannot exceed the limit of AWS', () => {
  const digits = (value: number): number => String(value).length;
  const [minutes, hours] = [longestList(0, 59, digits), longestList(0, 23, digits)];
  const [dates, months, weekdays] = [
    longestList(1, 31, digits),
    longestList(1, 12, digits),
    longestList(0, 6, () => 3),
  ];
  const longest =
    'cron('.length + minutes + hours + Math.max(dates, weekdays) + months + ' * ?  )'.length + 2;
  expect(longest).toBeLessThanOrEqual(256);
  const isolated = (most: number): string =>
    Array.from({ length: most + 1 }, (_, value) => value)
      .filter((value) => value % 3 > 0)
      .join(',');
  const [expression = ''] = translate(`${isolated(59)} ${isolated(23)} ${isolated(31)} ${isolated(12)} *`);
  expect(expression.length).toBeGreaterThan(longest - 15);
  expect(expression.length).toBeLessThanOrEqual(longest);
});

describe('a rejection gives the reason and what to write instead', () => {
  test.each([
    ['', 'syntax', 'five fields'],
    ['* * * *', 'syntax', 'five fields'],
    ['0 0 7 * * MON', 'syntax', 'Seconds and years are not supported'],
    ['cron(0 7 ? * MON *)', 'syntax', 'five fields'],
    ['60 * * * *', 'syntax', '0 to 59'],
    ['* 24 * * *', 'syntax', '0 to 23'],
    ['* * 0 * *', 'syntax', '1 to 31'],
    ['* * * 13 *', 'syntax', 'jan, feb'],
    ['* * * * 8', 'syntax', '0 to 7 or sun, mon'],
    ['* * * * monday', 'syntax', 'sun, mon'],
    ['* * ? * MON', 'syntax', '"?"'],
    ['* * L * *', 'syntax', '"L"'],
    ['* * * * 5#3', 'syntax', '"5#3"'],
    ['5/10 * * * *', 'syntax', '"5-59/10"'],
    ['*/0 * * * *', 'syntax', 'step of 1 or more'],
    ['*/-1 * * * *', 'syntax', 'step of 1 or more'],
    ['*/2/2 * * * *', 'syntax', 'more than one step'],
    ['1-2-3 * * * *', 'syntax', 'is not a range'],
    ['1,,2 * * * *', 'syntax', '""'],
    ['* * * * FRI-SUN', 'syntax', 'FRI,SAT,SUN'],
    ['* 22-6 * * *', 'syntax', 'backwards'],
    ['@reboot', 'syntax', '@hourly'],
    ['1e1 * * * *', 'syntax', '0 to 59'],
    ['٣ * * * *', 'syntax', '0 to 59'],
    ['*\n* * * *', 'syntax', 'five fields'],
    [`${'0,'.repeat(cronLengthLimit)}0 * * * *`, 'syntax', '1000'],
    ['0 0 31 2 *', 'never', 'earlier day'],
    ['0 0 31 4,6,9,11 *', 'never', 'day 31'],
    ['0 0 30-31 2 *', 'never', 'other months'],
    ['0 0 */2 * MON', 'both-days-required', '1-31/2'],
    ['0 0 13 * */2', 'both-days-required', '1-5/2'],
    ['0 0 *,5 * 1-5', '', ''],
  ])('%s', (text, reason, words) => {
    if (reason === '') {
      expect(translate(text)).toHaveLength(1);
      return;
    }
    const rejection = rejectionOf(text);
    expect(rejection.reason).toBe(reason);
    expect(rejection.message).toContain(words);
    expect(rejection.message.length).toBeLessThan(400);
  });

  test('every other text is parsed or rejected in the same way', () => {
    const pieces = fc.constantFrom(
      '*',
      '/',
      '-',
      ',',
      ' ',
      '@',
      '0',
      '7',
      '59',
      'mon',
      'MON-',
      '*/',
      '?',
      'L',
      '#',
      '\t',
      '-1',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 30 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          translate(input);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidCron);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('a well-formed expression is rejected only for the documented reasons', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(cronText, (text) => {
        let rejection: InvalidCron;
        try {
          rejection = rejectionOf(text);
        } catch {
          return;
        }
        seen.add(rejection.reason);
        const [, , dates = '', , weekdays = ''] = asCrontabMeans(text).split(' ');
        switch (rejection.reason) {
          case 'never':
            expect(croner(text, 'UTC')?.(0) ?? cronParser(text, 'UTC')?.(0)).toBeUndefined();
            break;
          case 'both-days-required':
            expect([dates, weekdays].filter((field) => field !== '*')).toHaveLength(2);
            expect(dates.startsWith('*') || weekdays.startsWith('*')).toBe(true);
            break;
          case 'syntax':
            throw new Error(`${text}: ${rejection.message}`);
        }
      }),
      { numRuns: 3000, examples: [['0 0 31 2 *'], ['0 0 */2 * 1']] },
    );
    expect([...seen].sort()).toEqual(['both-days-required', 'never']);
  });
});
