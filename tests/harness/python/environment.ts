import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A failure that needs no stack: what to do about it stands in its message. */
export class CheckFailure extends Error {}

/**
 * Makes .venv with the pinned packages, unless it is there and they are unchanged. With a name it is .venv-<name>, with the
 * packages of <name>-requirements.txt: for what does not get on with the others.
 * @returns the folder of its programs.
 * @throws CheckFailure when Python is missing or too old, or pip fails.
 */
export function prepareVirtualEnvironment(root: string, name?: string): string {
  const [suffix, prefix] = name === undefined ? ['', ''] : [`-${name}`, `${name}-`];
  const requirements = new URL(`${prefix}requirements.txt`, import.meta.url).pathname;
  const directory = join(root, `.venv${suffix}`);
  const programs = join(directory, 'bin');
  const installed = join(directory, 'requirements.txt');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return programs;
  const version = spawnSync(
    'python3',
    ['-c', 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))'],
    {
      encoding: 'utf8',
    },
  );
  if (version.error)
    throw new CheckFailure('python3 was not found: Python 3.11 or newer is needed for this.');
  if (version.status !== 0) {
    throw new CheckFailure(
      `Python 3.11 or newer with venv is needed (Debian: apt install python3-venv). ${version.stderr.trim()}`,
    );
  }
  console.log(`Installing tests/harness/python/${prefix}requirements.txt into .venv${suffix} …`);
  rmSync(directory, { recursive: true, force: true });
  run('python3', ['-m', 'venv', directory]);
  run(join(programs, 'python'), [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
    // What is not listed with its version must not come along.
    ...['--no-deps', '--requirement', requirements],
  ]);
  run(join(programs, 'python'), ['-m', 'pip', 'check', '--disable-pip-version-check']);
  // Last, so that an interrupted installation is begun anew.
  writeFileSync(installed, wanted);
  return programs;
}

function run(command: string, arguments_: string[]): void {
  const { status, stdout, stderr } = spawnSync(command, arguments_, { encoding: 'utf8' });
  if (status !== 0) throw new CheckFailure(`${command} ${arguments_.join(' ')} failed:\n${stdout}${stderr}`);
}
