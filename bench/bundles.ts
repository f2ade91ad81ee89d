import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { functionsOf, type PackagedFunction } from '../tests/harness/package/functions.ts';
import { packageService } from '../tests/harness/package/packaged.ts';
import { machine, percentile } from './measure.ts';

/** `npm run bench:bundles`: what Lambda loads at a cold start: each function's bundle, and how long Node takes to import it. */

/** Fresh processes for each function. */
const runs = 15;
/**
 * What the functions behind the API may weigh, and take at their fastest: what else the machine does only adds to an import. A test
 * holds them to the size.
 */
const most = { bytes: 400 * 1024, milliseconds: 100 };

const script = `const started = performance.now();
import(process.argv[1]).then(() => console.log(performance.now() - started), (error) => { throw error; });`;

/** Milliseconds that one fresh process takes to import a bundle, under the environment of the template. */
const importOnce = ({ bundle, environment }: PackagedFunction): number =>
  Number(
    execFileSync(process.execPath, ['--eval', script, bundle], {
      encoding: 'utf8',
      env: { ...environment, AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
    }),
  );

const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-bundles-'));
try {
  const functions = functionsOf(packageService(directory));
  console.log(`${runs} imports of each, in turn, on ${machine()}\n`);
  const samples = new Map<string, number[]>();
  // In turn: what else the machine does falls on all of them alike.
  for (let run = 0; run < runs; run += 1) {
    for (const known of functions) {
      samples.set(known.name, [...(samples.get(known.name) ?? []), importOnce(known)]);
    }
  }
  console.log('| function | KiB | zipped | import: fastest | median |\n| --- | --- | --- | --- | --- |');
  for (const { name, bytes, zipBytes, hasRoute } of functions) {
    const took = samples.get(name) ?? [];
    const [fastest, median] = [Math.min(...took), percentile(took, 0.5)];
    const kibibytes = [bytes, zipBytes].map((size) => (size / 1024).toFixed(0));
    console.log(
      `| ${[name, ...kibibytes, `${fastest.toFixed(0)} ms`, `${median.toFixed(0)} ms`].join(' | ')} |`,
    );
    if (hasRoute && (bytes > most.bytes || fastest > most.milliseconds)) {
      console.error(`${name} is behind the API and over ${most.bytes / 1024} KiB or ${most.milliseconds} ms`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
