import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { clusterSetupVersion } from '../../../plugins/cluster-setup-version.ts';

let root: string;
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'eks-jobs-version-'));
  write('k8s/manifests/namespace.yml', 'a');
  write('k8s/apply.ts', 'b');
  write('handlers/cluster-setup.ts', 'c');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

// CloudFormation calls ClusterSetup again only for a changed property: without this, new manifests would not be applied; with
// more than this, a deploy that changes nothing would not be none.
test.each(['k8s/manifests/namespace.yml', 'k8s/manifests/more.yml', 'k8s/apply.ts', 'k8s/setup/setup.ts'])(
  'a change of %s is a change of ClusterSetup',
  (path) => {
    const before = clusterSetupVersion(root);
    expect(clusterSetupVersion(root)).toBe(before);
    write(path, 'changed');
    expect(clusterSetupVersion(root)).not.toBe(before);
  },
);

test('a change of anything else is none', () => {
  const before = clusterSetupVersion(root);
  write('handlers/create-job.ts', 'changed');
  write('k8s/README.md', 'changed');
  expect(clusterSetupVersion(root)).toBe(before);
});
