import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The names in Debian; other distributions have similar names. */
const packages =
  'containerd runc containernetworking-plugins iproute2 iptables buildah ca-certificates openssl util-linux';

/** The directories of containernetworking-plugins: in Debian, then upstream. */
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
  'iptables',
  'openssl',
  'setpriv',
  'unshare',
  'mount',
];

/**
 * Checks that a cluster can run on this machine.
 * @throws Error naming everything that is missing and how to get it.
 */
export function ensurePrerequisites(): void {
  const missing: string[] = [];
  if (process.platform !== 'linux') missing.push(`Linux (this is ${process.platform})`);
  if (process.getuid?.() !== 0) missing.push('root, to make namespaces, mounts and control groups');
  if (!existsSync('/sys/fs/cgroup/memory')) {
    missing.push('control groups version 1 at /sys/fs/cgroup (version 2 is not supported)');
  }
  for (const program of programs) if (!findProgram(program)) missing.push(`the program ${program}`);
  if (!findPluginDirectory()) missing.push(`network plugins in ${pluginDirectories.join(' or ')}`);
  if (missing.length === 0) return;
  throw new Error(
    `A real Kubernetes cannot be started here. Missing: ${missing.join('; ')}.\n` +
      `On Debian: apt-get install --no-install-recommends ${packages}; go from go.dev, 1.26 or newer.`,
  );
}

/** Finds a program on the PATH. @returns its path, or undefined. */
export function findProgram(name: string): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

/** Finds the directory with the `bridge` network plugin. @returns its path, or undefined. */
export const findPluginDirectory = (): string | undefined =>
  pluginDirectories.find((directory) => existsSync(join(directory, 'bridge')));
