import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A failure whose message says what to do, so that a stack trace is not needed. */
export class CheckFailure extends Error {}

/**
 * Makes the virtual environment .venv with the pinned packages, unless it exists and they are unchanged. With a name
 * it makes .venv-<name> with <name>-requirements.txt, for packages that conflict with the others.
 * @returns the folder of its programs.
 * @throws CheckFailure when Python is missing or too old, or pip fails.
 */
export function prepareVirtualEnvironment(root: string, name?: string): string {
  const [suffix, prefix] = name === undefined ? ['', ''] : [`-${name}`, `${name}-`];
  const requirements = new URL(`${prefix}requirements.txt`, import.meta.url).pathname;
  const directory = join(root, `.venv${suffix}`);
  const programs = join(directory, 'bin');
  const installed = join(directory, 'requirements.txt');
  const pinned = readFileSync(requirements, 'utf8');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === pinned) return programs;
  const version = spawnSync(
    'python3',
    ['-c', 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))'],
    {
      encoding: 'utf8',
    },
  );
  if (version.error) throw new CheckFailure('python3 was not found. Install Python 3.11 or newer.');
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
    // Only packages that are listed with their version are installed.
    ...['--no-deps', '--requirement', requirements],
  ]);
  run(join(programs, 'python'), ['-m', 'pip', 'check', '--disable-pip-version-check']);
  // This file is written last, so that an interrupted installation is repeated.
  writeFileSync(installed, pinned);
  return programs;
}

function run(command: string, arguments_: string[]): void {
  const { status, stdout, stderr } = spawnSync(command, arguments_, { encoding: 'utf8' });
  if (status !== 0) throw new CheckFailure(`${command} ${arguments_.join(' ')} failed:\n${stdout}${stderr}`);
}
