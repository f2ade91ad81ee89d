import { afterEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadContext } from '../../../k8s/context.ts';

const folders: string[] = [];

function kubeconfig(content: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'eks-jobs-test-'));
  folders.push(folder);
  const file = join(folder, 'config');
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...content }));
  return file;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const clusters = ['production', 'kind'].map((name) => ({
  name,
  cluster: { server: `https://${name}.invalid` },
}));
const users = [{ name: 'me', user: { token: 'x' } }];
const contexts = ['production', 'kind'].map((name) => ({ name, context: { cluster: name, user: 'me' } }));

// A cluster that was not named is never touched, least of all the one that kubectl looked at last.
describe('only the cluster that the user names', () => {
  const file = (): string => kubeconfig({ clusters, users, contexts, 'current-context': 'production' });

  test('is used, whatever the current context is', () => {
    expect(loadContext('kind', file()).getCurrentCluster()?.server).toBe('https://kind.invalid');
  });

  test('a name that is not there lists those that are', () => {
    const known = file();
    expect(() => loadContext('staging', known)).toThrow(
      `the kubeconfig ${known} does not have the context staging; it has production, kind`,
    );
  });

  test('rejects a file that does not exist or is empty', () => {
    expect(() => loadContext('kind', '/nonexistent/config')).toThrow(
      /^the kubeconfig \/nonexistent\/config cannot be read: ENOENT/,
    );
    expect(() => loadContext('kind', kubeconfig({}))).toThrow('does not have the context kind; it has none');
  });

  // client-node would make up a cluster at localhost:8080.
  test('without a kubeconfig is rejected', () => {
    const home = mkdtempSync(join(tmpdir(), 'eks-jobs-test-'));
    folders.push(home);
    const script = [
      '--disable-warning=ExperimentalWarning',
      'k8s/command.ts',
      'k8s:diff',
      '--context',
      'any',
    ];
    const { status, stderr } = spawnSync(process.execPath, script, {
      encoding: 'utf8',
      env: { ...process.env, KUBECONFIG: '', HOME: home },
    });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `eks-jobs: the kubeconfig ${home}/.kube/config cannot be read: ENOENT: no such file or directory, open '${home}/.kube/config'\n`,
    });
  });

  test('a context whose cluster is missing is rejected', () => {
    const broken = kubeconfig({ users, contexts });
    expect(() => loadContext('kind', broken)).toThrow('names a cluster that is not in the file');
  });
});
