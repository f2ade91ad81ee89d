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

/** `npm run check:aws`: checks what a deploy would create, without an AWS account. Needs Python 3.11 besides Node. */

const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-package-'));
const variantDirectory = mkdtempSync(join(tmpdir(), 'eks-jobs-package-'));
const results: string[] = [];

/** The template of the pipeline's role. It belongs to a separate stack, not to the service's. */
const deployRole = join(root, '.github', 'deploy-role.yml');

/** Runs one check and describes its result. Reports a failure and continues, so that the other checks still run. */
function check<Value>(
  name: string,
  work: () => Value,
  describe: (value: Value) => string,
): Value | undefined {
  try {
    const value = work();
    results.push(`ok      ${name}: ${describe(value)}`);
    return value;
  } catch (error) {
    results.push(`FAILED  ${name}`);
    console.error(error instanceof Error ? `${name}: ${error.message}` : error);
    process.exitCode = 1;
    return undefined;
  }
}

/** Describes a check whose result is already a description. */
const asDescribed = (description: string): string => description;

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
  return /^Tests:\s+(.*)$/m.exec(stderr)?.[1] ?? 'no count of tests';
}

/** Prints one line for each function: the size that Lambda loads, and the size of its zip. */
const describeSizes = (functions: PackagedFunction[]): string =>
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
    'sls package with all other choices',
    () => packageService(variantDirectory, ...variantOptions),
    ({ template }) => `${Object.keys(template.Resources).length} resources, no warning`,
  );
  const checkov = check(
    'Python packages of checkov',
    () => prepareVirtualEnvironment(root, 'checkov'),
    () => 'tests/harness/python/checkov-requirements.txt',
  );
  if (programs !== undefined) {
    check('hadolint', () => lintDockerfile(programs), asDescribed);
    check('zizmor', () => lintWorkflows(programs), asDescribed);
  }
  if (service) check('asl-validator', () => validateStateMachine(service.template), asDescribed);
  if (service && variant) {
    const templates = [...service.templates, ...variant.templates, deployRole];
    if (programs !== undefined) check('cfn-lint', () => lintTemplates(programs, templates), asDescribed);
    if (checkov !== undefined) check('checkov', () => scanTemplates(checkov, templates), asDescribed);
  }
  if (service && variant && programs !== undefined) {
    const bundles = check('bundles', () => functionsOf(service), describeSizes);
    if (bundles) check('packaged functions', testPackage, asDescribed);
  }
} finally {
  for (const created of [directory, variantDirectory]) rmSync(created, { recursive: true, force: true });
}
console.log(results.join('\n'));
const failed = results.filter((line) => line.startsWith('FAILED')).length;
console.log(`${results.length - failed} passed, ${failed} failed, 0 skipped`);
