import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { functionsOf, type PackagedFunction } from '../harness/package/functions.ts';
import { packageService, root, variantOptions } from '../harness/package/packaged.ts';
import { validateStateMachine } from './definition.ts';
import { lintTemplates } from './lint.ts';
import { lintDockerfile, lintWorkflows } from './other-linters.ts';
import { scanTemplates } from './scan.ts';
import { CheckFailure, prepareVirtualEnvironment } from '../harness/python/environment.ts';

/** `npm run check:aws`: what would be deployed, checked without an account. Needs Python 3.11 beside Node. */

const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-package-'));
const variantDirectory = mkdtempSync(join(tmpdir(), 'eks-jobs-package-'));
const results: string[] = [];

/** Not of the service's stack: what lets the pipeline deploy it. */
const deployRole = join(root, '.github', 'deploy-role.yml');

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
    {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, EKS_JOBS_PACKAGE: directory, EKS_JOBS_PACKAGE_VARIANT: variantDirectory },
    },
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
    () => 'tests/harness/python/requirements.txt',
  );
  const service = check(
    'sls package',
    () => packageService(directory),
    ({ template }) => `${Object.keys(template.Resources).length} resources, no warning`,
  );
  const variant = check(
    'sls package, every choice made the other way',
    () => packageService(variantDirectory, ...variantOptions),
    ({ template }) => `${Object.keys(template.Resources).length} resources, no warning`,
  );
  const checkov = check(
    'Python packages of checkov',
    () => prepareVirtualEnvironment(root, 'checkov'),
    () => 'tests/harness/python/checkov-requirements.txt',
  );
  if (programs !== undefined) {
    check('hadolint', () => lintDockerfile(programs), same);
    check('zizmor', () => lintWorkflows(programs), same);
  }
  if (service) check('asl-validator', () => validateStateMachine(service.template), same);
  if (service && variant) {
    const templates = [...service.templates, ...variant.templates, deployRole];
    if (programs !== undefined) check('cfn-lint', () => lintTemplates(programs, templates), same);
    if (checkov !== undefined) check('checkov', () => scanTemplates(checkov, templates), same);
  }
  if (service && variant && programs !== undefined) {
    const bundles = check('bundles', () => functionsOf(service), sizes);
    if (bundles) check('packaged functions', testPackage, same);
  }
} finally {
  for (const made of [directory, variantDirectory]) rmSync(made, { recursive: true, force: true });
}
console.log(results.join('\n'));
const failed = results.filter((line) => line.startsWith('FAILED')).length;
console.log(`${results.length - failed} passed, ${failed} failed, 0 skipped`);
