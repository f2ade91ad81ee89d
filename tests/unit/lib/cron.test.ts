import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidCron, parseCron } from '../../../lib/cron/parse.ts';
import { toAwsExpressions } from '../../../lib/cron/translate.ts';
import { readAwsCron } from './cron/aws-cron-matcher.ts';
import { cronText } from './cron/expressions.ts';
import { asCrontabMeans, libraries, type NextRun } from './cron/libraries.ts';
import { endOfDisturbance, instantsOf, offsetAt } from './cron/zones.ts';

/**
 * The translated expressions fire as crontab(5) defines. Two independent libraries decide what crontab(5) means.
 * EKS_JOBS_CRON_EXPRESSIONS=100000 tries more expressions; 10,000 take half a minute.
 */
const numRuns = Number(process.env['EKS_JOBS_CRON_EXPRESSIONS'] ?? 10_000);

const day = 24 * 60 * 60_000;
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Asia/Kolkata',
  // Its clocks change by half an hour.
  'Australia/Lord_Howe',
  'Pacific/Chatham',
];
/** Starts are in 2025 to 2031, and the runs of the next three years are compared. */
const start = fc
  .integer({ min: 0, max: 7 * 365 * 24 * 60 })
  .map((minutes) => Date.UTC(2025, 0, 1) + minutes * 60_000);
const horizon = 3 * 365 * day;

/** Computes the runs of AWS expressions, day by day as documented; a time that occurs twice counts the first time. */
function awsRun(expressions: readonly string[], zone: string): NextRun {
  const crons = expressions.map(readAwsCron);
  return (after) => {
    const today = Math.floor((after + offsetAt(after, zone)) / day) * day;
    for (let date = today - day; date < after + horizon + day; date += day) {
      const on = crons.filter((cron) => cron.isOn(new Date(date)));
      const runs = on
        .flatMap(({ minutes }) =>
          minutes.flatMap((minute) => instantsOf(date + minute * 60_000, zone)[0] ?? []),
        )
        .filter((instant) => instant > after);
      if (runs.length > 0) return Math.min(...runs);
    }
    return undefined;
  };
}

/** Returns the next run that is not near a clock change; undefined if it is beyond the horizon. */
function nextUndisturbed(next: NextRun, after: number, zone: string): number | undefined {
  let run = next(after);
  for (;;) {
    if (run === undefined || run > after + horizon) return undefined;
    const end = endOfDisturbance(run, zone);
    if (end === undefined) return run;
    run = next(end - 1);
  }
}

const format = (instant: number | undefined): string =>
  instant === undefined ? 'none' : new Date(instant).toISOString();

function translated(text: string): string[] | InvalidCron {
  try {
    return toAwsExpressions(parseCron(text));
  } catch (error) {
    if (error instanceof InvalidCron) return error;
    throw error;
  }
}

test(`${numRuns} random expressions fire as in croner and cron-parser`, () => {
  const comparisons: Record<string, number> = {};
  let accepted = 0;
  fc.assert(
    fc.property(cronText, fc.constantFrom(...zones), fc.tuple(start, start, start), (text, zone, starts) => {
      const expressions = translated(text);
      if (expressions instanceof InvalidCron) return;
      accepted += 1;
      const ours = awsRun(expressions, zone);
      const expected = starts.map((after) => format(nextUndisturbed(ours, after, zone)));
      for (const [name, library] of Object.entries(libraries)) {
        const theirs = library(asCrontabMeans(text), zone);
        if (!theirs) continue;
        comparisons[name] = (comparisons[name] ?? 0) + 1;
        const runs = starts.map((after) => format(nextUndisturbed(theirs, after, zone)));
        expect({ text, zone, by: name, runs }).toEqual({ text, zone, by: name, runs: expected });
      }
    }),
    { numRuns },
  );
  // Otherwise the libraries, or the translator, would reject too many of the expressions to compare.
  expect(accepted).toBeGreaterThan(0.7 * numRuns);
  for (const name of Object.keys(libraries)) expect(comparisons[name]).toBeGreaterThan(0.5 * accepted);
}, 600_000);
