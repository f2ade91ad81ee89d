import { spawnSync } from 'node:child_process';
import { UserError } from '../lib/user-error.ts';
import type { Login } from './login.ts';

/** The programs that can build an image, in the order in which they are tried. */
export const builderNames = ['docker', 'podman', 'buildah'] as const;
export type BuilderName = (typeof builderNames)[number];

/** What to build. */
export interface Build {
  /** The folder of the Dockerfile. */
  folder: string;
  tag: string;
  platform?: string;
  /** NAME=DIR: directories that replace a stage or an image. */
  buildContexts: readonly string[];
}

/** A builder that works on this machine: the parameters of its commands. */
export interface Builder {
  name: BuilderName;
  /** Leaves the image in the builder's storage. `storage`: options for another storage, for buildah only. */
  build: (build: Build, storage?: readonly string[]) => string[];
  /** Writes that image to a new file, in docker's format: every cluster and every program here reads it. */
  save: (tag: string, file: string, storage?: readonly string[]) => string[];
  /** Pushes that image to the registry in its name. docker finds the login by its environment. */
  push: (tag: string, login: Login, storage?: readonly string[]) => string[];
}

const options = ({ tag, platform, buildContexts, folder }: Build): string[] => [
  ...['--tag', tag],
  ...(platform === undefined ? [] : ['--platform', platform]),
  ...buildContexts.flatMap((context) => ['--build-context', context]),
  folder,
];

/** docker uses no TLS for a registry on loopback; the others need an option. */
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

/** docker without buildx can build too, but it cannot replace a stage. */
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

/** How long a builder may take to report its version, in milliseconds: podman may have to start its machine. */
const reportWithin = 30_000;

/** Runs a builder to see whether it works. @returns its output, or why it does not work. */
function probe(name: BuilderName, ...parameters: string[]): { output: string } | { problem: string } {
  const { status, stdout, stderr, error } = spawnSync(name, parameters, {
    encoding: 'utf8',
    timeout: reportWithin,
  });
  if (error) {
    return { problem: 'code' in error && error.code === 'ENOENT' ? 'not installed' : error.message };
  }
  if (status === 0) return { output: stdout };
  const lastLine = stderr.trim().split('\n').at(-1) ?? '';
  return { problem: lastLine === '' ? `${name} ${parameters.join(' ')} failed` : lastLine };
}

/** Checks a builder. @returns the builder if it works, or why not. `docker` is often installed without an engine. */
function examine(name: BuilderName, needsContexts: boolean): Builder | string {
  const engine = {
    docker: ['version', '--format', '{{.Server.Version}}'],
    podman: ['info', '--format', '{{.Host.Arch}}'],
    buildah: ['version'],
  };
  const version = probe(name, ...engine[name]);
  if ('problem' in version) return version.problem;
  if (name === 'docker') {
    const buildx = probe('docker', 'buildx', 'version');
    if ('output' in buildx) return docker;
    return needsContexts ? 'it lacks buildx, which --build-context needs' : plainDocker;
  }
  const help = probe(name, 'build', '--help');
  if (needsContexts && !('output' in help && help.output.includes('--build-context'))) {
    return 'it is too old for --build-context';
  }
  return name === 'podman' ? podman : buildah;
}

/**
 * Finds a builder: the first of docker, podman and buildah that works, or the chosen one. Prints which it skips although it is
 * installed.
 * @param option the option with which the user chooses one.
 * @throws UserError with what is wrong with each.
 */
export function findBuilder(
  chosen: BuilderName | undefined,
  needsContexts: boolean,
  option = '--builder NAME',
): Builder {
  const problems: string[] = [];
  for (const name of chosen === undefined ? builderNames : [chosen]) {
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
    `no builder of images works here.\n  ${problems.join('\n  ')}\n` +
      'Install docker, podman or buildah (Debian: apt-get install buildah); ' +
      `${option} chooses one of them.`,
  );
}
