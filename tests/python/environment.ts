import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A failure that needs no stack: what to do about it stands in its message. */
export class CheckFailure extends Error {}

/** Each has a folder of its own: checkov asks for old versions of what the others need new. */
const environments = {
  tests: { directory: '.venv', requirements: new URL('requirements.txt', import.meta.url).pathname },
  emulator: {
    directory: '.venv-ministack',
    requirements: new URL('ministack.txt', import.meta.url).pathname,
  },
  checkov: { directory: '.venv-checkov', requirements: new URL('checkov.txt', import.meta.url).pathname },
};

/**
 * Makes a folder with the pinned packages, unless it is there and they are unchanged.
 * @returns the folder of its programs.
 * @throws CheckFailure when Python is missing or too old, or pip fails.
 */
export function prepareVirtualEnvironment(root: string, which: keyof typeof environments = 'tests'): string {
  const { requirements, ...environment } = environments[which];
  const directory = join(root, environment.directory);
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
  console.log(`Installing ${basename(requirements)} of tests/python into ${environment.directory} …`);
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
