import { describeError } from '../../lib/describe-error.ts';
import { printable } from '../output/table.ts';
import type { Paint } from '../session.ts';

/** The result of a check. */
export interface Finding {
  check: string;
  /** skipped: the check could not be made, which says nothing about the setup. */
  outcome: 'ok' | 'failed' | 'skipped';
  message: string;
  /** What the user can do, one line each. */
  advice: readonly string[];
}

export const ok = (check: string, message: string): Finding => ({
  check,
  outcome: 'ok',
  message,
  advice: [],
});

export const failed = (check: string, message: string, ...advice: string[]): Finding => ({
  ...{ check, outcome: 'failed', message },
  advice,
});

export const skipped = (check: string, message: string, ...advice: string[]): Finding => ({
  ...{ check, outcome: 'skipped', message },
  advice,
});

/** Makes a check, and skips it if it throws: only what was seen to be wrong counts as failed. */
export async function checkOrSkip(check: string, makeCheck: () => Promise<Finding>): Promise<Finding> {
  try {
    return await makeCheck();
  } catch (error) {
    return skipped(check, `it cannot be checked: ${describeError(error)}`);
  }
}

const colours: Record<Finding['outcome'], Parameters<Paint>[0]> = {
  ok: 'green',
  failed: 'red',
  skipped: 'yellow',
};

/** The lengths of the longest outcome and of the longest name of a check. */
const widths = { outcome: 'skipped'.length, check: 'pod identity agent'.length };

/** Renders a finding: one line, and its advice below. */
export const renderFinding = ({ check, outcome, message, advice }: Finding, paint: Paint): string =>
  [
    `${paint(colours[outcome], outcome.padEnd(widths.outcome))}  ${check.padEnd(widths.check)}  ${printable(message)}`,
    ...advice.map((line) => `${' '.repeat(widths.outcome + widths.check + 4)}${printable(line)}`),
  ]
    .map((line) => `${line}\n`)
    .join('');

/** Renders the number of findings by outcome. */
export const renderSummary = (counts: Record<Finding['outcome'], number>): string =>
  `${counts.ok} ok, ${counts.failed} failed, ${counts.skipped} skipped\n`;
