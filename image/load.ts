import { spawnSync } from 'node:child_process';
import { UserError } from '../lib/user-error.ts';
import { requireProgram } from '../lib/program.ts';

/** Where an image can be put, so that a cluster's nodes find it without a registry. */
export const destinations = ['kind', 'k3d', 'minikube', 'containerd'] as const;
export type Destination = (typeof destinations)[number];

/** Which cluster, and for containerd which socket; without them each program's own default. */
export interface Place {
  cluster?: string | undefined;
  address?: string | undefined;
}

interface Loader {
  program: string;
  /** Where to get it. */
  from: string;
  load: (archive: string, place: Place) => string[];
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
  // k8s.io is the namespace in which the kubelet looks.
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
 * Looks, before anything is built, whether an image can be loaded there.
 * @throws UserError when the program for it is missing, or an option belongs to another destination.
 */
export function ensureLoadable(destination: Destination, { cluster, address }: Place): void {
  if (destination === 'containerd' && cluster !== undefined) {
    throw new UserError('--cluster does not go with --load containerd: its --address names the socket');
  }
  if (destination !== 'containerd' && address !== undefined) {
    throw new UserError(`--address goes with --load containerd only; --cluster names one of ${destination}`);
  }
  const { program, from } = loaders[destination];
  const { error } = spawnSync(program, ['--help'], { stdio: 'ignore', timeout: 10_000 });
  if (error && 'code' in error && error.code === 'ENOENT') {
    throw new UserError(`--load ${destination} needs the program ${program}, which is not here: ${from}`);
  }
}

/**
 * Puts an archive where the cluster's nodes find the image.
 * @throws UserError with the program's last lines.
 */
export async function loadArchive(
  destination: Destination,
  archive: string,
  place: Place,
  signal?: AbortSignal,
): Promise<void> {
  const { program, load } = loaders[destination];
  await requireProgram(program, load(archive, place), { signal });
}
