import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import * as z from 'zod';

/** Runs `sls package` and reads its results: the CloudFormation template and a zip for each function. */

export const root = new URL('../../..', import.meta.url).pathname;

const Resource = z.looseObject({ Type: z.string(), Properties: z.looseObject({}).optional() });
const Template = z.looseObject({ Resources: z.record(z.string(), Resource) });
export type Template = z.infer<typeof Template>;

export interface Packaged {
  directory: string;
  templates: string[];
  template: Template;
}

/** The lines that sls prints on success. All other lines are warnings, deprecations or errors. */
const expected = [/^Packaging eks-jobs for stage \S+ \(\S+\)$/, /^✔ Service packaged \(\d+s\)$/];

/** Returns environment variables without credentials, network access or the user's own settings. */
function isolatedEnvironment(home: string): Record<string, string> {
  const closedPort = 'http://127.0.0.1:9';
  return {
    HOME: home,
    PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
    HTTP_PROXY: closedPort,
    HTTPS_PROXY: closedPort,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/**
 * Packages the service into a directory, which must be empty.
 * @throws Error with every unexpected line of the output.
 */
export function packageService(directory: string, ...options: string[]): Packaged {
  const home = join(directory, 'home');
  mkdirSync(home);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules', '.bin', 'sls'), 'package', '--package', directory, ...options],
    { cwd: root, env: isolatedEnvironment(home), encoding: 'utf8' },
  );
  const unexpected = `${stdout}${stderr}`
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !expected.some((pattern) => pattern.test(line)));
  if (status !== 0 || unexpected.length > 0) {
    throw new Error(`sls package ended with ${status ?? 'a signal'} and printed:\n${unexpected.join('\n')}`);
  }
  return readPackage(directory);
}

/** Reads the results of an earlier `sls package`. */
export function readPackage(directory: string): Packaged {
  const templates = ['create', 'update'].map((step) =>
    join(directory, `cloudformation-template-${step}-stack.json`),
  );
  const template = Template.parse(JSON.parse(readFileSync(templates[1] ?? '', 'utf8')));
  return { directory, templates, template };
}

const fromEnvironment = (name: string): Packaged => {
  const directory = process.env[name];
  if (directory === undefined) throw new Error('the package to test is missing: run npm run check:aws');
  return readPackage(directory);
};

/** Reads the package with the default parameters, which `npm run check:aws` made. */
export const packaged = (): Packaged => fromEnvironment('EKS_JOBS_PACKAGE');

/** Reads the package with `variantOptions`, which `npm run check:aws` made. */
export const packagedVariant = (): Packaged => fromEnvironment('EKS_JOBS_PACKAGE_VARIANT');

/** Options that differ from the defaults: an existing cluster, JWTs, stage prod, and all optional parameters. */
export const variantOptions = [
  ...['--stage', 'prod'],
  ...[
    'cluster=existing',
    'auth=jwt',
    'jwtIssuer=https://issuer.example',
    'jwtAudience=eks-jobs',
    'buckets=first,second',
  ].flatMap((parameter) => ['--param', parameter]),
  ...[
    'nodeClass=bottlerocket',
    'nodeRole=nodes',
    'bottlerocketVersion=v1.50.0',
    'arch=arm64',
    'image=registry.example/job:1',
  ].flatMap((parameter) => ['--param', parameter]),
  ...['--param', 'alarmTopic=arn:aws:sns:eu-central-1:123456789012:alarms'],
];
