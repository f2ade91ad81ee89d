import { spawnSync } from 'node:child_process';
import { UserError } from '../lib/user-error.ts';
import { requireProgram } from '../lib/program.ts';

/** The kinds of clusters into which an image can be loaded without a registry. */
export const destinations = ['kind', 'k3d', 'minikube', 'containerd'] as const;
export type Destination = (typeof destinations)[number];

/** The name of the cluster, and for containerd its socket; without them each program's default. */
export interface LoadTarget {
  cluster?: string | undefined;
  address?: string | undefined;
}

interface Loader {
  program: string;
  /** Where to get the program. */
  from: string;
  load: (archive: string, target: LoadTarget) => string[];
}

/** An option, if there is a value for it. */
const option = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [name, value];

const loaders: Record<Destination, Loader> = {
  kind: {
    program: 'kind',
    from: 'https://kind.sigs.k8s.io',
    load: (archive, { cluster }) => ['load', 'image-archive', archive, ...option('--name', cluster)],
  },
  k3d: {
    program: 'k3d',
    from: 'https://k3d.io',
    load: (archive, { cluster }) => ['image', 'import', archive, ...option('--cluster', cluster)],
  },
  minikube: {
    program: 'minikube',
    from: 'https://minikube.sigs.k8s.io',
    load: (archive, { cluster }) => ['image', 'load', archive, ...option('--profile', cluster)],
  },
  // The kubelet uses the namespace k8s.io.
  containerd: {
    program: 'ctr',
    from: 'containerd (Debian: apt-get install containerd)',
    load: (archive, { address }) => [
      ...option('--address', address),
      ...['--namespace', 'k8s.io', 'images', 'import', archive],
    ],
  },
};

/**
 * Checks, before anything is built, that an image can be loaded.
 * @throws UserError when the program for it is missing, or an option belongs to another destination.
 */
export function ensureLoadable(destination: Destination, { cluster, address }: LoadTarget): void {
  if (destination === 'containerd' && cluster !== undefined) {
    throw new UserError('--cluster does not go with --load containerd: its --address names the socket');
  }
  if (destination !== 'containerd' && address !== undefined) {
    throw new UserError(`--address goes with --load containerd only; --cluster names one of ${destination}`);
  }
  const { program, from } = loaders[destination];
  const { error } = spawnSync(program, ['--help'], { stdio: 'ignore', timeout: 10_000 });
  if (error && 'code' in error && error.code === 'ENOENT') {
    throw new UserError(
      `--load ${destination} needs the program ${program}, which is not installed: ${from}`,
    );
  }
}

/**
 * Loads an archive into the cluster.
 * @throws UserError with the program's last lines.
 */
export async function loadArchive(
  destination: Destination,
  archive: string,
  target: LoadTarget,
  signal?: AbortSignal,
): Promise<void> {
  const { program, load } = loaders[destination];
  await requireProgram(program, load(archive, target), { signal });
}
