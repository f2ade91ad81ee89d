import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidCron, parseCron } from '../../../../../lib/cron/parse.ts';
import { nextRuns } from '../../../../../lib/cron/next-runs.ts';
import { toAwsExpressions } from '../../../../../lib/cron/translate.ts';
import {
  type FiringRule,
  nextFiring,
  parseExpression,
} from '../../../../../local/aws/scheduler/expression.ts';
import { AwsError } from '../../../../../local/aws/wire.ts';
import { cronText } from '../../../lib/cron/expressions.ts';

const rule = (text: string, more: Partial<FiringRule> = {}): FiringRule => ({
  expression: parseExpression(text),
  zone: 'UTC',
  anchor: 0,
  startDate: undefined,
  endDate: undefined,
  ...more,
});

function runsOf(text: string, after: string, count: number, more: Partial<FiringRule> = {}): string[] {
  const runs: string[] = [];
  for (let from = Date.parse(after); runs.length < count;) {
    const next = nextFiring(rule(text, more), from);
    if (next === undefined) break;
    runs.push(new Date(next).toISOString().slice(0, 16));
    from = next + 1;
  }
  return runs;
}

describe('cron, as the user guide documents it', () => {
  test.each([
    ['cron(15 10 ? * 6L 2026-2027)', ['2026-11-27T10:15', '2026-12-25T10:15', '2027-01-29T10:15']],
    ['cron(0 8 1 * ? *)', ['2026-12-01T08:00', '2027-01-01T08:00', '2027-02-01T08:00']],
    ['cron(0 18 ? * MON-FRI *)', ['2026-11-25T18:00', '2026-11-26T18:00', '2026-11-27T18:00']],
    ['cron(0/15 9-10 ? * 4 *)', ['2026-11-25T09:00', '2026-11-25T09:15', '2026-11-25T09:30']],
    ['cron(0 0 L * ? *)', ['2026-11-30T00:00', '2026-12-31T00:00', '2027-01-31T00:00']],
    // 1 August 2026 is a Saturday, 1 November a Sunday: the nearest weekday stays within the month.
    ['cron(0 0 1W * ? 2026)', ['2026-12-01T00:00']],
    ['cron(0 0 1W 8,11 ? 2027-2030)', ['2027-08-02T00:00', '2027-11-01T00:00', '2028-08-01T00:00']],
    ['cron(0 0 31W 10 ? 2027)', ['2027-10-29T00:00']],
    ['cron(0 0 ? * 2#3 *)', ['2026-12-21T00:00', '2027-01-18T00:00', '2027-02-15T00:00']],
    ['cron(0 0 ? * SUN#5 2027)', ['2027-01-31T00:00', '2027-05-30T00:00', '2027-08-29T00:00']],
    ['cron(0 0 ? * L *)', ['2026-11-28T00:00', '2026-12-05T00:00', '2026-12-12T00:00']],
    ['cron(0 0 1 JAN ? 2030/50)', ['2030-01-01T00:00', '2080-01-01T00:00', '2130-01-01T00:00']],
    ['cron(*/30 0 * * ? *)', ['2026-11-26T00:00', '2026-11-26T00:30', '2026-11-27T00:00']],
    ['cron(0 0 29 2 ? 2095-2105)', ['2096-02-29T00:00', '2104-02-29T00:00']],
    ['cron(0 0 1 1 ? 2020)', []],
  ])('%s', (text, runs) => {
    expect(runsOf(text, '2026-11-25T08:30Z', 3)).toEqual(runs);
  });

  test.each([
    'cron(* * * * *)',
    'cron(* * * * * *)',
    'cron(* * ? * ? *)',
    'cron(60 * * * ? *)',
    'cron(* 24 * * ? *)',
    'cron(* * 0 * ? *)',
    'cron(* * * 13 ? *)',
    'cron(* * ? * 0 *)',
    'cron(* * ? * 8 *)',
    'cron(* * ? * MON/2 *)',
    'cron(1-30/5 * * * ? *)',
    'cron(* * * * ? 1969)',
    'cron(5-1 * * * ? *)',
    'cron(0/0 * * * ? *)',
    'cron(* * ? * MON#6 *)',
    'cron(* * 32W * ? *)',
    'rate(0 minutes)',
    'rate(5 seconds)',
    'rate(minute)',
    'at(2026-13-01T00:00:00)',
    'at(2026-11-25)',
    '* * * * *',
    '',
    'cron(0 0 1 1 ? *) ',
  ])('%s is rejected', (text) => {
    expect(() => parseExpression(text)).toThrow(AwsError);
  });
});

// The emulator and the nextRuns that users see are different code: they must agree.
test('translated cron expressions fire here at the times of nextRuns', () => {
  fc.assert(
    fc.property(
      cronText,
      fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe'),
      fc.integer({ min: 0, max: 5_000_000 }),
      (text, zone, minutes) => {
        let expressions: string[];
        try {
          expressions = toAwsExpressions(parseCron(text));
        } catch (error) {
          if (error instanceof InvalidCron) return;
          throw error;
        }
        const after = Date.UTC(2025, 0, 1) + minutes * 60_000;
        const fires = expressions.flatMap((each) => nextFiring(rule(each, { zone }), after + 1) ?? []);
        expect(Math.min(...fires)).toBe(nextRuns(parseCron(text), zone, after, 1)[0] ?? Infinity);
      },
    ),
    { numRuns: 1000 },
  );
});

describe('rate and at', () => {
  test('a rate counts from its start; a day is 24 hours, also when the clocks change', () => {
    const anchor = Date.parse('2026-10-24T12:00Z');
    expect(runsOf('rate(1 day)', '2026-10-24T12:00Z', 3, { anchor, zone: 'Europe/Berlin' })).toEqual([
      '2026-10-24T12:00',
      '2026-10-25T12:00',
      '2026-10-26T12:00',
    ]);
    expect(runsOf('rate(90 minutes)', '2026-10-24T13:00Z', 2, { anchor })).toEqual([
      '2026-10-24T13:30',
      '2026-10-24T15:00',
    ]);
  });

  test('at fires once, in its time zone, and ignores StartDate and EndDate', () => {
    const [startDate, endDate] = [Date.parse('2030-01-01'), Date.parse('2020-01-01')];
    expect(
      runsOf('at(2026-12-01T09:00:00)', '2026-11-25', 2, { zone: 'Europe/Berlin', startDate, endDate }),
    ).toEqual(['2026-12-01T08:00']);
    expect(runsOf('at(2026-11-01T09:00:00)', '2026-11-25', 2)).toEqual([]);
  });

  test('a recurring schedule fires from its StartDate on, and before its EndDate', () => {
    const [startDate, endDate] = [Date.parse('2027-01-01T10:00Z'), Date.parse('2027-01-01T12:00Z')];
    expect(runsOf('cron(0 * * * ? *)', '2026-11-25', 5, { startDate, endDate })).toEqual([
      '2027-01-01T10:00',
      '2027-01-01T11:00',
    ]);
  });
});
