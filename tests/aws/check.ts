import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deployRolePath } from '../harness/package/deploy-role.ts';
import { functionsOf, type PackagedFunction } from '../harness/package/functions.ts';
import { packageService, root, variantOptions } from '../harness/package/packaged.ts';
import { validateStateMachine } from './definition.ts';
import { compareExpressions } from './expressions.ts';
import { checkActions } from './iam-actions.ts';
import { lintTemplates } from './lint.ts';
import { lintDockerfile, lintWorkflows } from './other-linters.ts';
import { scanTemplates } from './scan.ts';
import { CheckFailure, prepareVirtualEnvironment } from '../harness/python/environment.ts';

/** `npm run check:aws`: checks what a deploy would create, without an AWS account. Needs Python 3.11 besides Node. */

const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-package-'));
const variantDirectory = mkdtempSync(join(tmpdir(), 'eks-jobs-package-'));
const results: string[] = [];

/** Runs one check and describes its result. Reports a failure and continues, so that the other checks still run. */
async function check<Value>(
  name: string,
  work: () => Value | Promise<Value>,
  describe: (value: Value) => string,
): Promise<Value | undefined> {
  try {
    const value = await work();
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
  const programs = await check(
    'Python packages',
    () => prepareVirtualEnvironment(root),
    () => 'tests/harness/python/requirements.txt',
  );
  const service = await check(
    'sls package',
    () => packageService(directory),
    ({ template }) => `${Object.keys(template.Resources).length} resources, no warning`,
  );
  const variant = await check(
    'sls package with all other choices',
    () => packageService(variantDirectory, ...variantOptions),
    ({ template }) => `${Object.keys(template.Resources).length} resources, no warning`,
  );
  const checkov = await check(
    'Python packages of checkov',
    () => prepareVirtualEnvironment(root, 'checkov'),
    () => 'tests/harness/python/checkov-requirements.txt',
  );
  if (programs !== undefined) {
    await check('hadolint', () => lintDockerfile(programs), asDescribed);
    await check('zizmor', () => lintWorkflows(programs), asDescribed);
    await check('jsonata-python', () => compareExpressions(programs), asDescribed);
  }
  if (service) await check('asl-validator', () => validateStateMachine(service.template), asDescribed);
  if (service && variant) {
    const templates = [...service.templates, ...variant.templates, deployRolePath];
    if (programs !== undefined)
      await check('cfn-lint', () => lintTemplates(programs, templates), asDescribed);
    if (checkov !== undefined) await check('checkov', () => scanTemplates(checkov, templates), asDescribed);
    if (checkov !== undefined) {
      const packagedTemplates = [service.template, variant.template];
      await check('IAM actions', () => checkActions(checkov, packagedTemplates), asDescribed);
    }
  }
  if (service && variant && programs !== undefined) {
    const bundles = await check('bundles', () => functionsOf(service), describeSizes);
    if (bundles) await check('packaged functions', testPackage, asDescribed);
  }
} finally {
  for (const created of [directory, variantDirectory]) rmSync(created, { recursive: true, force: true });
}
console.log(results.join('\n'));
const failed = results.filter((line) => line.startsWith('FAILED')).length;
console.log(`${results.length - failed} passed, ${failed} failed, 0 skipped`);
