import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import * as z from 'zod';

/** `sls package` and what it leaves: the CloudFormation template and a zip for each function. */

export const root = new URL('../../..', import.meta.url).pathname;

const Resource = z.looseObject({ Type: z.string(), Properties: z.looseObject({}).optional() });
const Template = z.looseObject({ Resources: z.record(z.string(), Resource) });
export type Template = z.infer<typeof Template>;

export interface Packaged {
  directory: string;
  templates: string[];
  template: Template;
}

/** What sls says when all is well. Any other line is a warning, a deprecation or an error. */
const expected = [/^Packaging eks-jobs for stage \S+ \(\S+\)$/, /^✔ Service packaged \(\d+s\)$/];

/** No credentials, no way out to the network, and nothing that the user's own settings would change. */
function bareEnvironment(home: string): Record<string, string> {
  const nowhere = 'http://127.0.0.1:9';
  return {
    HOME: home,
    PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/**
 * Packages the service into a directory, which must be empty.
 * @throws Error with every line that sls should not have said.
 */
export function packageService(directory: string, ...options: string[]): Packaged {
  const home = join(directory, 'home');
  mkdirSync(home);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules', '.bin', 'sls'), 'package', '--package', directory, ...options],
    { cwd: root, env: bareEnvironment(home), encoding: 'utf8' },
  );
  const unexpected = `${stdout}${stderr}`
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !expected.some((pattern) => pattern.test(line)));
  if (status !== 0 || unexpected.length > 0) {
    throw new Error(`sls package ended with ${status ?? 'a signal'} and said:\n${unexpected.join('\n')}`);
  }
  return readPackage(directory);
}

/** What an earlier packaging left. */
export function readPackage(directory: string): Packaged {
  const templates = ['create', 'update'].map((step) =>
    join(directory, `cloudformation-template-${step}-stack.json`),
  );
  const template = Template.parse(JSON.parse(readFileSync(templates[1] ?? '', 'utf8')));
  return { directory, templates, template };
}

const fromEnvironment = (name: string): Packaged => {
  const directory = process.env[name];
  if (directory === undefined) throw new Error('there is no package to test: run npm run check:aws');
  return readPackage(directory);
};

/** The package of the defaults, that `npm run check:aws` made and tests. */
export const packaged = (): Packaged => fromEnvironment('EKS_JOBS_PACKAGE');

/** Its package with every choice made the other way. */
export const packagedVariant = (): Packaged => fromEnvironment('EKS_JOBS_PACKAGE_VARIANT');

/** Those choices: a cluster that is there, tokens, production, and all that is optional. */
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
