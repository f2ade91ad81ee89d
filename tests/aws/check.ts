import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { functionsOf, type PackagedFunction } from '../package/functions.ts';
import { packageService, root } from '../package/packaged.ts';
import { validateStateMachine } from './definition.ts';
import { lintTemplates } from './lint.ts';
import { CheckFailure, prepareVirtualEnvironment } from '../python/environment.ts';

/** `npm run check:aws`: what would be deployed, checked without an account. Needs Python 3.11 beside Node. */

const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-package-'));
const results: string[] = [];

/** Runs one check; a failed one is told and the next goes on where it can. */
function check<Value>(name: string, work: () => Value, say: (value: Value) => string): Value | undefined {
  try {
    const value = work();
    results.push(`ok      ${name}: ${say(value)}`);
    return value;
  } catch (error) {
    results.push(`FAILED  ${name}`);
    console.error(error instanceof Error ? `${name}: ${error.message}` : error);
    process.exitCode = 1;
    return undefined;
  }
}

const same = (words: string): string => words;

function testPackage(): string {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
      ...[join(root, 'node_modules', 'jest', 'bin', 'jest.js'), 'tests/package/', '--silent', '--runInBand'],
    ],
    { cwd: root, encoding: 'utf8', env: { ...process.env, EKS_JOBS_PACKAGE: directory } },
  );
  if (status !== 0) throw new CheckFailure(stderr);
  return /^Tests:\s+(.*)$/m.exec(stderr)?.[1] ?? 'no tests were counted';
}

/** One line each: what Lambda loads, and what is uploaded. */
const sizes = (functions: PackagedFunction[]): string =>
  functions
    .map(
      ({ name, bytes, zipBytes }) => `\n          ${name} ${kilobytes(bytes)}, zipped ${kilobytes(zipBytes)}`,
    )
    .join('');

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;

try {
  const programs = check(
    'Python packages',
    () => prepareVirtualEnvironment(root),
    () => 'tests/python/requirements.txt',
  );
  const service = check(
    'sls package',
    () => packageService(directory),
    ({ template }) => `${Object.keys(template.Resources).length} resources, no warning`,
  );
  if (service) check('asl-validator', () => validateStateMachine(service.template), same);
  if (service && programs !== undefined) {
    check('cfn-lint', () => lintTemplates(programs, service.templates), same);
    const bundles = check('bundles', () => functionsOf(service), sizes);
    if (bundles) check('packaged functions', testPackage, same);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
console.log(results.join('\n'));
const failed = results.filter((line) => line.startsWith('FAILED')).length;
console.log(`${results.length - failed} passed, ${failed} failed, 0 skipped`);
