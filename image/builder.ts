import { spawnSync } from 'node:child_process';
import { UserError } from '../lib/user-error.ts';
import type { Login } from './login.ts';

/** What can build an image, in the order in which they are tried. */
export const builderNames = ['docker', 'podman', 'buildah'] as const;
export type BuilderName = (typeof builderNames)[number];

/** What to build. */
export interface Build {
  /** The folder of the Dockerfile. */
  folder: string;
  tag: string;
  platform?: string;
  /** NAME=DIR: directories that stand in for a stage or an image. */
  buildContexts: readonly string[];
}

/** One of them, found on this machine. */
export interface Builder {
  name: BuilderName;
  /** Leaves the image in the builder's own storage. `storage`: options for another one, buildah's alone. */
  build: (build: Build, storage?: readonly string[]) => string[];
  /** Writes that image to a new file, in docker's format: every cluster and every program here reads it. */
  save: (tag: string, file: string, storage?: readonly string[]) => string[];
  /** Sends that image to the registry in its name. docker finds the login by its environment. */
  push: (tag: string, login: Login, storage?: readonly string[]) => string[];
}

const options = ({ tag, platform, buildContexts, folder }: Build): string[] => [
  ...['--tag', tag],
  ...(platform === undefined ? [] : ['--platform', platform]),
  ...buildContexts.flatMap((context) => ['--build-context', context]),
  folder,
];

/** docker takes a registry on loopback for one without TLS; the others must be told. */
const insecure = ({ registry }: Login): string[] =>
  /^127\.\d+\.\d+\.\d+:\d+$/.test(registry) ? ['--tls-verify=false'] : [];

const podman: Builder = {
  name: 'podman',
  build: (build) => ['build', ...options(build)],
  save: (tag, file) => ['save', '--format', 'docker-archive', '--output', file, tag],
  push: (tag, login) => ['push', '--authfile', login.file, ...insecure(login), tag],
};

const buildah: Builder = {
  name: 'buildah',
  build: (build, storage = []) => [...storage, 'build', ...options(build)],
  save: (tag, file, storage = []) => [...storage, 'push', tag, `docker-archive:${file}:${tag}`],
  push: (tag, login, storage = []) => [
    ...storage,
    ...['push', '--authfile', login.file, ...insecure(login), tag],
  ],
};

const dockerSave = (tag: string, file: string): string[] => ['save', '--output', file, tag];
const dockerPush = (tag: string): string[] => ['push', tag];

/** Without buildx docker builds too, but nothing can stand in for a stage. */
const plainDocker: Builder = {
  name: 'docker',
  build: (build) => ['build', ...options(build)],
  save: dockerSave,
  push: dockerPush,
};

/** --load: a builder in a container would keep the image to itself; the attestations are of no use to a cluster. */
const docker: Builder = {
  name: 'docker',
  build: (build) => ['buildx', 'build', '--load', '--provenance=false', ...options(build)],
  save: dockerSave,
  push: dockerPush,
};

/** So long a builder may take to say that it is there, in milliseconds: podman may have to wake its machine. */
const answerWithin = 30_000;

/** What a builder says of itself, or why it is of no use. */
function ask(name: BuilderName, ...parameters: string[]): { output: string } | { problem: string } {
  const { status, stdout, stderr, error } = spawnSync(name, parameters, {
    encoding: 'utf8',
    timeout: answerWithin,
  });
  if (error) {
    return { problem: 'code' in error && error.code === 'ENOENT' ? 'not installed' : error.message };
  }
  if (status === 0) return { output: stdout };
  const said = stderr.trim().split('\n').at(-1) ?? '';
  return { problem: said === '' ? `${name} ${parameters.join(' ')} failed` : said };
}

/** @returns the builder if it works here, or why not. `docker` is often installed without an engine. */
function examine(name: BuilderName, needsContexts: boolean): Builder | string {
  const engine = {
    docker: ['version', '--format', '{{.Server.Version}}'],
    podman: ['info', '--format', '{{.Host.Arch}}'],
    buildah: ['version'],
  };
  const answer = ask(name, ...engine[name]);
  if ('problem' in answer) return answer.problem;
  if (name === 'docker') {
    const buildx = ask('docker', 'buildx', 'version');
    if ('output' in buildx) return docker;
    return needsContexts ? 'it lacks buildx, which knows --build-context' : plainDocker;
  }
  const help = ask(name, 'build', '--help');
  if (needsContexts && !('output' in help && help.output.includes('--build-context'))) {
    return 'it is too old for --build-context';
  }
  return name === 'podman' ? podman : buildah;
}

/**
 * Finds what builds images here: docker, podman or buildah, the first that works, or the one asked for. Says which it
 * passes over although it is installed.
 * @param choice how the user asks for one.
 * @throws UserError with what is wrong with each.
 */
export function findBuilder(
  wanted: BuilderName | undefined,
  needsContexts: boolean,
  choice = '--builder NAME',
): Builder {
  const problems: string[] = [];
  for (const name of wanted === undefined ? builderNames : [wanted]) {
    const builder = examine(name, needsContexts);
    if (typeof builder !== 'string') {
      for (const problem of problems.filter((each) => !each.endsWith(': not installed'))) {
        console.error(`eks-jobs: passed over ${problem}; building with ${name}`);
      }
      return builder;
    }
    problems.push(`${name}: ${builder}`);
  }
  throw new UserError(
    `nothing here builds images.\n  ${problems.join('\n  ')}\n` +
      'Install docker, podman or buildah (Debian: apt-get install buildah); ' +
      `${choice} chooses among them.`,
  );
}
