import { describe, expect, test } from '@jest/globals';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bin, root, runInPipes } from './bin.ts';

describe('the bin', () => {
  test('is found by npx in the repository and its folders', async () => {
    const { code, out } = await runInPipes(['npx', '--no-install', 'eks-jobs', '--version'], {
      cwd: join(root, 'docs'),
    });
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  test('on a Node that cannot run TypeScript starts the one that npm ci installs, or fails with the reason', async () => {
    const old =
      'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.19.0" } })';
    const { code, err } = await runInPipes([
      ...[process.execPath, '--import', `data:text/javascript,${encodeURIComponent(old)}`],
      ...[bin, 'get', 'no id'],
    ]);
    const installed = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
    expect({ code, err }).toEqual({
      code: installed ? 2 : 1,
      err: expect.stringContaining(installed ? 'Allowed: an id' : 'Node 20.19.0 is too old'),
    });
  });

  test('on a clone without packages reports what is missing', async () => {
    const clone = mkdtempSync(join(tmpdir(), 'eks-jobs-clone-'));
    try {
      for (const file of ['cli/eks-jobs.mjs', 'lib/run-script.mjs'])
        cpSync(join(root, file), join(clone, file));
      expect(await runInPipes([join(clone, 'cli', 'eks-jobs.mjs'), 'stats'])).toEqual({
        code: 1,
        out: '',
        err: `eks-jobs: the packages are not installed: run \`npm ci\` in ${clone}/, then run this again.\n`,
      });
    } finally {
      rmSync(clone, { recursive: true });
    }
  });
});
