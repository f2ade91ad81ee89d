import type { Finding } from '../doctor/finding.ts';
import type { Paint } from '../shell.ts';
import { printable } from './text.ts';

const colours: Record<Finding['outcome'], Parameters<Paint>[0]> = {
  ok: 'green',
  failed: 'red',
  skipped: 'yellow',
};

/** The longest names. */
const widths = { outcome: 'skipped'.length, check: 'pod identity agent'.length };

/** A line, and under it what to do. */
export const renderFinding = ({ check, outcome, message, advice }: Finding, paint: Paint): string =>
  [
    `${paint(colours[outcome], outcome.padEnd(widths.outcome))}  ${check.padEnd(widths.check)}  ${printable(message)}`,
    ...advice.map((line) => `${' '.repeat(widths.outcome + widths.check + 4)}${printable(line)}`),
  ]
    .map((line) => `${line}\n`)
    .join('');

export const summaryOf = ({ ok, failed, skipped }: Record<Finding['outcome'], number>): string =>
  `${ok} ok, ${failed} failed, ${skipped} skipped\n`;
