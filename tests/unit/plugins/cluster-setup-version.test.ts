import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { clusterSetupVersion } from '../../../plugins/cluster-setup-version.ts';

const repository = new URL('../../..', import.meta.url).pathname;

let root: string;
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'eks-jobs-version-'));
  for (const folder of ['handlers', 'jobs', 'k8s', 'lib']) {
    cpSync(join(repository, folder), join(root, folder), { recursive: true });
  }
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const change = (path: string): void => {
  const text = readFileSync(join(root, path), 'utf8');
  write(path, `${text}${path.endsWith('.ts') ? '//' : '#'} changed\n`);
};

// CloudFormation calls ClusterSetup again only when a property has changed: without a new version, new manifests would not be
// applied. With a new version for anything else, a deploy without changes would change something.
test.each([
  'handlers/cluster-setup.ts',
  'k8s/setup/setup.ts',
  'k8s/apply.ts',
  'k8s/eks-connection.ts',
  'k8s/manifests/namespace.yml',
  // Outside k8s/, and part of the function's bundle all the same.
  'lib/describe-error.ts',
  'lib/patterns.ts',
])('a change of %s changes the version', (path) => {
  const before = clusterSetupVersion(root);
  expect(clusterSetupVersion(root)).toBe(before);
  change(path);
  expect(clusterSetupVersion(root)).not.toBe(before);
});

test('a new manifest changes the version', () => {
  const before = clusterSetupVersion(root);
  write('k8s/manifests/more.yml', 'kind: Role\n');
  expect(clusterSetupVersion(root)).not.toBe(before);
});

test.each(['handlers/create-job.ts', 'k8s/kubeconfig-connection.ts', 'k8s/command.ts', 'lib/time-zone.ts'])(
  'a change of %s, which the function does not use, leaves the version as it is',
  (path) => {
    const before = clusterSetupVersion(root);
    change(path);
    expect(clusterSetupVersion(root)).toBe(before);
  },
);
