import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const command = fileURLToPath(new URL('../../../image/command.ts', import.meta.url));

/** Bodies of shell scripts with the visible effects of the real programs. */
export const fakes = {
  docker: '[ "$1" != save ] || : > "$3"',
  dockerWithoutEngine: `[ "$1" != version ] || { echo 'Is the docker daemon running?' >&2; exit 1; }`,
  dockerWithoutBuildx: `[ "$1" != buildx ] || { echo 'unknown command' >&2; exit 1; }`,
  podman: `case "$*" in 'build --help') echo '  --build-context';; save*) : > "$5";; esac`,
  /** The last argument of push is docker-archive:FILE:TAG; a file that exists is rejected. */
  buildah: `case "$*" in
    'build --help') echo '  --build-context';;
    *docker-archive:*) file=\${*##*docker-archive:}; [ ! -e "\${file%%:*}" ] || exit 1; : > "\${file%%:*}";;
    *--build-context*) stage=\${*##*build=}; ls -R "\${stage%% *}" >&2; for word; do [ "$last" != --root ] || mkdir -p "$word"; last=$word; done;;
  esac`,
  /** Loads only a file that exists. */
  loader: 'for word; do case "$word" in *.tar) [ -f "$word" ] || exit 9;; esac; done',
};

/** How a run ended, and what it printed. */
export interface Ended {
  code: number | null;
  output: string;
  errors: string;
}

/** A machine with these programs only; each records how it was called. */
export class FakeMachine {
  readonly #directory = mkdtempSync(join(tmpdir(), 'eks-jobs-fake-'));
  readonly #log = join(this.#directory, 'calls');

  constructor(programs: Record<string, string> = {}) {
    for (const folder of ['bin', 'tmp']) mkdirSync(join(this.#directory, folder));
    writeFileSync(this.#log, '');
    // The programs that the scripts themselves use.
    for (const name of ['ls', 'mkdir', 'sleep']) this.install(name, `exec /bin/${name} "$@"`, false);
    for (const [name, body] of Object.entries(programs)) this.install(name, body);
  }

  install(name: string, body: string, logged = true): void {
    const path = join(this.#directory, 'bin', name);
    const log = logged ? `echo "${name} $*" >> '${this.#log}'\n` : '';
    writeFileSync(path, `#!/bin/sh\n${log}${body}\n`);
    chmodSync(path, 0o755);
  }

  /** Installs rustc and a cargo that reports several targets, the program among them unless `built` is false. */
  installRust({ built = true } = {}): void {
    const program = join(this.#directory, 'data-processor');
    writeFileSync(program, 'a program');
    const artifact = (name: string, executable: string | null): string =>
      JSON.stringify({ reason: 'compiler-artifact', target: { name, kind: ['bin'] }, executable });
    const messages = [
      artifact('job-runtime', null),
      artifact('another-program', join(this.#directory, 'another-program')),
      ...(built ? [artifact('data-processor', program)] : []),
    ];
    this.install('rustc', 'echo any-linux-target');
    this.install('cargo', `printf '%s\\n' ${messages.map((message) => `'${message}'`).join(' ')}`);
  }

  start(...parameters: string[]): ChildProcess {
    return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', command, ...parameters], {
      env: {
        PATH: join(this.#directory, 'bin'),
        HOME: this.#directory,
        TMPDIR: join(this.#directory, 'tmp'),
        XDG_CACHE_HOME: join(this.#directory, 'cache'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Runs `npm run image -- PARAMETERS` to its end. */
  async image(...parameters: string[]): Promise<Ended> {
    const child = this.start(...parameters);
    const ended: Ended = { code: null, output: '', errors: '' };
    child.stdout?.on('data', (chunk: Buffer) => (ended.output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (ended.errors += chunk.toString()));
    await once(child, 'close');
    return { ...ended, code: child.exitCode };
  }

  /** The calls so far, with short names of folders; without those that only ask for a version. */
  get calls(): string[] {
    const questions = /^(\w+ version|docker buildx version|podman info|\w+ build --help|\w+ --help|rustc)/;
    return readFileSync(this.#log, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !questions.test(line))
      .map((line) =>
        line
          .replaceAll(/[^\s=:]*\/eks-jobs-image-\w+/g, 'TEMP')
          .replaceAll(/\S*\/data_processor(?=\/Cargo.toml|$)/g, 'FOLDER'),
      );
  }

  /** Every question asked so far. */
  get questions(): string[] {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n');
  }

  /** The files in its folder for temporary files. */
  get leftBehind(): string[] {
    return readdirSync(join(this.#directory, 'tmp'));
  }

  /** Writes a file. */
  write(name: string): void {
    writeFileSync(this.path(name), 'old');
  }

  path(name: string): string {
    return join(this.#directory, name);
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }
}
