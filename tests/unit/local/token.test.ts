import { describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { openStateDirectory } from '../../../local/state-directory.ts';
import { temporaryDirectory } from '../../harness/temporary-directory.ts';

const script = fileURLToPath(new URL('../../../local/token.ts', import.meta.url));

interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `npm run token --` with these arguments. */
const run = (...arguments_: string[]): Promise<CommandResult> =>
  new Promise((resolve) => {
    const command = ['--disable-warning=ExperimentalWarning', script, ...arguments_];
    execFile(process.execPath, command, { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });

const directory = (): string => join(temporaryDirectory(), 'state');

describe('npm run token', () => {
  test('without options prints only a token, which may read and write as local for an hour', async () => {
    const { code, stdout, stderr } = await run('--state-dir', directory());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { iat = 0, exp, ...claims } = decodeJwt(stdout.trim());
    expect(claims).toEqual({
      iss: 'urn:eks-jobs:local',
      aud: 'eks-jobs',
      sub: 'local',
      scope: 'jobs:read jobs:write',
    });
    expect(exp).toBe(iat + 3600);
    expect(decodeProtectedHeader(stdout.trim())).toMatchObject({ alg: 'RS256', kid: expect.any(String) });
  });

  test.each([
    ['90s', 90],
    ['15m', 900],
    ['2h', 7200],
    ['365d', 31_536_000],
  ])('--sub, --scope and --expires %s', async (expires, seconds) => {
    const { stdout } = await run(
      ...['--state-dir', directory(), '--sub', 'alice', '--scope', 'jobs:admin', '--expires', expires],
    );
    const { iat = 0, exp, sub, scope } = decodeJwt(stdout.trim());
    expect({ sub, scope, seconds: (exp ?? 0) - iat }).toEqual({ sub: 'alice', scope: 'jobs:admin', seconds });
  });

  test.each([
    [['--sub', ''], '1 to 255 visible ASCII characters'],
    [['--sub', 'a b'], '1 to 255 visible ASCII characters'],
    [['--sub', 'a'.repeat(256)], '1 to 255 visible ASCII characters'],
    [['--scope', 'job:read'], 'jobs:read, jobs:write, jobs:admin, separated by spaces'],
    [['--scope', 'jobs:read,jobs:write'], 'separated by spaces'],
    [['--expires', '366d'], 'at most 365d'],
    [['--expires', '0h'], 'such as 12h'],
    [['--expires', '1'], 'such as 12h'],
    [['--expires', '1y'], 'such as 12h'],
    [['alice'], 'too many arguments'],
  ])('rejects %p, and does not create a key', async (arguments_, reason) => {
    const state = directory();
    const { code, stdout, stderr } = await run('--state-dir', state, ...arguments_);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(reason);
    expect(() => statSync(state)).toThrow('ENOENT');
  });
});

describe('the key of the tokens', () => {
  const keyIn = (state: string): string => join(state, 'token-key.pem');

  test('is created once, also by several processes at the same time, and only its owner may read it', async () => {
    const state = directory();
    const all = await Promise.all(Array.from({ length: 4 }, () => run('--state-dir', state)));
    const ids = new Set(all.map(({ stdout }) => decodeProtectedHeader(stdout.trim()).kid));
    expect(ids.size).toBe(1);
    expect(readdirSync(state)).toEqual(['token-key.pem']);
    expect(statSync(keyIn(state)).mode & 0o777).toBe(0o600);
  });

  // Otherwise tokens in use would become invalid after `npm start -- --fresh`, without an explanation.
  test('is kept by --fresh', async () => {
    const state = directory();
    await run('--state-dir', state);
    const before = readFileSync(keyIn(state));
    const opened = openStateDirectory(state, true);
    opened.release();
    expect(readFileSync(opened.signingKey)).toEqual(before);
  });

  test('is not used if others may read it', async () => {
    const state = directory();
    await run('--state-dir', state);
    chmodSync(keyIn(state), 0o640);
    expect(await run('--state-dir', state)).toEqual({
      code: 1,
      stdout: '',
      stderr: `eks-jobs: other users can read or write the key of the tokens: run chmod 600 ${keyIn(state)}\n`,
    });
  });

  test('is not replaced if it is broken: tokens in use would become invalid without an explanation', async () => {
    const state = directory();
    mkdirSync(state);
    writeFileSync(keyIn(state), 'secret-looking text', { mode: 0o600 });
    const { code, stdout, stderr } = await run('--state-dir', state);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^eks-jobs: the key of the tokens, \S+token-key\.pem, cannot be used: .*\n$/);
    expect(stderr).not.toContain('secret-looking');
    expect(readFileSync(keyIn(state), 'utf8')).toBe('secret-looking text');
  });

  test('that cannot be written is an error', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const { code, stderr } = await run('--state-dir', join(file, 'state'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^eks-jobs: .*ENOTDIR.*\n$/);
  });
});
