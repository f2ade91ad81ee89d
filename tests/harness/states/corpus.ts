/**
 * Runs the executions recorded on AWS against the local Step Functions and prints a table: `node tests/harness/states/corpus.ts`.
 * Fails if a case it does not refuse ends differently from AWS.
 */
import { recordedCases } from './recorded-case.ts';
import { replay } from './replay.ts';

const cases = recordedCases();
const failures: string[] = [];
const refused = new Map<string, number>();
let passed = 0;
for (const recorded of cases) {
  const verdict = await replay(recorded);
  if (verdict.kind === 'passed') passed++;
  else if (verdict.kind === 'failed') failures.push(`${recorded.id}\n    ${verdict.difference}`);
  else {
    const features = verdict.features.join(' + ');
    refused.set(features, (refused.get(features) ?? 0) + 1);
  }
}

const rows: [string, number][] = [
  ['recorded executions', cases.length],
  ['passed: status, output, error, cause and events', passed],
  ['failed', failures.length],
  ...[...refused].sort().map(([features, count]): [string, number] => [`refused: ${features}`, count]),
];
for (const [what, count] of rows) console.log(`| ${what.padEnd(90)} | ${String(count).padStart(5)} |`);
for (const failure of failures) console.log(`failed: ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;
