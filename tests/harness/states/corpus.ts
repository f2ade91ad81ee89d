/**
 * `npm run test:states`: replays the executions recorded on AWS on the local Step Functions and prints a table.
 * Fails if a case that is supported ends differently than on AWS.
 */
import { recordedCases } from './recorded-case.ts';
import { replay } from './replay.ts';

const cases = recordedCases();
const failures: string[] = [];
const unsupported = new Map<string, number>();
let passed = 0;
for (const recorded of cases) {
  const result = await replay(recorded);
  if (result.kind === 'passed') passed++;
  else if (result.kind === 'failed') failures.push(`${recorded.id}\n    ${result.difference}`);
  else {
    const features = result.features.join(' + ');
    unsupported.set(features, (unsupported.get(features) ?? 0) + 1);
  }
}

const rows: [string, number][] = [
  ['recorded executions', cases.length],
  ['passed: status, output, error, cause and events', passed],
  ['failed', failures.length],
  ...[...unsupported]
    .sort()
    .map(([features, count]): [string, number] => [`unsupported: ${features}`, count]),
];
for (const [label, count] of rows) console.log(`| ${label.padEnd(90)} | ${String(count).padStart(5)} |`);
for (const failure of failures) console.log(`failed: ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;
