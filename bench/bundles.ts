import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { functionsOf, type PackagedFunction } from '../tests/harness/package/functions.ts';
import { packageService } from '../tests/harness/package/packaged.ts';
import { describeMachine, percentile } from './measure.ts';

/** `npm run bench:bundles`: measures what Lambda loads at a cold start: the size of each bundle and the time to import it. */

/** The number of new processes for each function. */
const runs = 15;
/**
 * The limits for functions behind the API. The time is that of the fastest import, because other load on the machine only
 * adds to it. A test in tests/package enforces the size, too.
 */
const limits = { bytes: 400 * 1024, milliseconds: 100 };

const script = `const started = performance.now();
import(process.argv[1]).then(() => console.log(performance.now() - started), (error) => { throw error; });`;

/** Imports a bundle in a new process with the template's environment variables. @returns the milliseconds. */
const measureImport = ({ bundle, environment }: PackagedFunction): number =>
  Number(
    execFileSync(process.execPath, ['--eval', script, bundle], {
      encoding: 'utf8',
      env: { ...environment, AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
    }),
  );

const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-bundles-'));
try {
  const functions = functionsOf(packageService(directory));
  console.log(`${runs} imports of each, alternately, on ${describeMachine()}\n`);
  const samples = new Map<string, number[]>();
  // The functions take turns, so that other load on the machine affects all of them.
  for (let run = 0; run < runs; run += 1) {
    for (const measured of functions) {
      samples.set(measured.name, [...(samples.get(measured.name) ?? []), measureImport(measured)]);
    }
  }
  console.log('| function | KiB | zipped | import: fastest | median |\n| --- | --- | --- | --- | --- |');
  for (const { name, bytes, zipBytes, hasRoute } of functions) {
    const times = samples.get(name) ?? [];
    const [fastest, median] = [Math.min(...times), percentile(times, 0.5)];
    const kibibytes = [bytes, zipBytes].map((size) => (size / 1024).toFixed(0));
    console.log(
      `| ${[name, ...kibibytes, `${fastest.toFixed(0)} ms`, `${median.toFixed(0)} ms`].join(' | ')} |`,
    );
    if (hasRoute && (bytes > limits.bytes || fastest > limits.milliseconds)) {
      console.error(
        `${name} is behind the API and exceeds ${limits.bytes / 1024} KiB or ${limits.milliseconds} ms`,
      );
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
