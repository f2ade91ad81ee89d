import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextRuns } from '../../../../lib/cron/next-runs.ts';
import { InvalidCron, parseCron } from '../../../../lib/cron/parse.ts';
import { toAwsExpressions } from '../../../../lib/cron/translate.ts';
import { isTimeZone } from '../../../../lib/time-zone.ts';
import { readAwsCron } from './aws-cron-matcher.ts';
import { cronText } from './expressions.ts';
import { instantsOf, segmentsOf } from './zones.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** Computes every run of AWS expressions between two instants; a time that occurs twice counts the first time. */
function awsRuns(expressions: readonly string[], zone: string, from: number, until: number): number[] {
  const runs = new Set<number>();
  for (const cron of expressions.map(readAwsCron)) {
    for (let date = Math.floor(from / day) * day - day; date <= until + day; date += day) {
      if (!cron.isOn(new Date(date))) continue;
      for (const time of cron.minutes) {
        const [run] = instantsOf(date + time * minute, zone);
        if (run !== undefined && run > from && run < until) runs.add(run);
      }
    }
  }
  return [...runs].sort((left, right) => left - right);
}

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Asia/Kolkata',
];

test('nextRuns are the runs of the AWS expressions, especially at clock changes', () => {
  fc.assert(
    fc.property(
      cronText,
      fc.constantFrom(...zones),
      fc.nat({ max: 1000 }),
      fc.integer({ min: -3 * 24 * 60, max: 4 * 60 }),
      (text, zone, which, minutes) => {
        let expressions: string[];
        try {
          expressions = toAwsExpressions(parseCron(text));
        } catch (error) {
          if (error instanceof InvalidCron) return;
          throw error;
        }
        // For a zone whose clocks never change, an arbitrary date is used.
        const changes = [
          Date.UTC(2026, 0, 1),
          ...segmentsOf(zone)
            .slice(0, 20)
            .map(({ until }) => until),
        ];
        const after = (changes[which % Math.max(1, changes.length - 1)] ?? 0) + minutes * minute;
        const endAt = after + 4 * day;
        const runs = nextRuns(parseCron(text), zone, after, 5, { endAt });
        expect(runs.map((run) => new Date(run).toISOString())).toEqual(
          awsRuns(expressions, zone, after, endAt)
            .slice(0, 5)
            .map((run) => new Date(run).toISOString()),
        );
      },
    ),
    { numRuns: 2000 },
  );
});

describe('nextRuns', () => {
  const runs = (text: string, zone: string, after: string, count: number, window = {}): string[] =>
    nextRuns(parseCron(text), zone, Date.parse(after), count, window).map((run) =>
      new Date(run).toISOString(),
    );

  test('are later than now, not before the start, and before the end', () => {
    const [startAt, endAt] = [Date.parse('2027-01-01T10:00Z'), Date.parse('2027-01-01T12:00Z')];
    expect(runs('0 * * * *', 'UTC', '2026-12-01T10:00Z', 5, { startAt, endAt })).toEqual([
      '2027-01-01T10:00:00.000Z',
      '2027-01-01T11:00:00.000Z',
    ]);
    expect(runs('0 * * * *', 'UTC', '2026-12-01T10:00Z', 1)).toEqual(['2026-12-01T11:00:00.000Z']);
  });

  test('are found over leap years and over the year 2100, which is not a leap year', () => {
    expect(runs('0 0 29 2 *', 'UTC', '2094-01-01', 5).map((run) => run.slice(0, 4))).toEqual([
      '2096',
      '2104',
      '2108',
      '2112',
      '2116',
    ]);
  });

  test('occur once on a day that both day fields allow', () => {
    // 13 November 2026 is a Friday.
    expect(runs('0 0 13 11 FRI', 'UTC', '2026-11-07', 3).map((run) => run.slice(0, 10))).toEqual([
      '2026-11-13',
      '2026-11-20',
      '2026-11-27',
    ]);
  });
});

describe('the table in docs/schedules.md', () => {
  const rows = readFileSync(new URL('../../../../docs/schedules.md', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, zone = '']) => isTimeZone(zone));

  test('contains skipped and repeated hours, fixed and wildcard times, in both zones', () => {
    expect(rows.length).toBeGreaterThanOrEqual(12);
  });

  test.each(rows)('%s%s, the night of %s: %s', (_empty, zone = '', night = '', cron = '', fires = '') => {
    const after = Date.parse(`${night}T00:00Z`) - day / 2;
    const found = nextRuns(parseCron(cron.replaceAll('`', '')), zone, after, 1000, { endAt: after + 2 * day })
      .map((run) => new Date(run).toLocaleString('sv-SE', { timeZone: zone }))
      .filter((shown) => shown.startsWith(night) && shown.slice(11) < '04:00')
      .map((shown) => shown.slice(11, 16));
    expect(found).toEqual(fires === 'not at all' ? [] : fires.split(', '));
  });
});
