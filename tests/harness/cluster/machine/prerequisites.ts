import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian's names; other distributions' differ little. */
const packages =
  'containerd runc containernetworking-plugins iproute2 buildah ca-certificates openssl util-linux';

/** Where containernetworking-plugins puts its programs: Debian's place, then upstream's. */
const pluginDirectories = ['/usr/lib/cni', '/opt/cni/bin'];

const programs = [
  'go',
  'cc',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'runc',
  'buildah',
  'ip',
  'openssl',
  'setpriv',
  'unshare',
  'mount',
];

/**
 * Looks whether a cluster can run on this machine.
 * @throws Error naming everything that is missing and how to get it.
 */
export function ensurePrerequisites(): void {
  const missing: string[] = [];
  if (process.platform !== 'linux') missing.push(`Linux (this is ${process.platform})`);
  if (process.getuid?.() !== 0) missing.push('root: namespaces, mounts and control groups are made');
  if (!existsSync('/sys/fs/cgroup/memory')) {
    missing.push('control groups in version 1 at /sys/fs/cgroup (version 2 was never tried)');
  }
  for (const program of programs) if (!findProgram(program)) missing.push(`the program ${program}`);
  if (!findPluginDirectory()) missing.push(`network plugins in ${pluginDirectories.join(' or ')}`);
  if (missing.length === 0) return;
  throw new Error(
    `A real Kubernetes cannot be started here. Missing: ${missing.join('; ')}.\n` +
      `On Debian: apt-get install --no-install-recommends ${packages}; go from go.dev, 1.26 or newer.`,
  );
}

/** @returns the path of a program on the PATH, or undefined. */
export function findProgram(name: string): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

/** @returns the directory that holds the `bridge` network plugin, or undefined. */
export const findPluginDirectory = (): string | undefined =>
  pluginDirectories.find((directory) => existsSync(join(directory, 'bridge')));
