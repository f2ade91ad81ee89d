import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const sources = fileURLToPath(new URL('programs', import.meta.url));

/** The version that the cluster reports. The linker sets it, because a build from the Go module does not know it. */
const kubernetesVersion = 'v1.34.4';

/** The names of the one binary that contains all these components. */
const componentNames = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kubectl',
];

/** Programs by their names in bin/, each with its Go package. Their versions are pinned in go.mod and go.sum. */
const tools = {
  kwok: 'sigs.k8s.io/kwok/cmd/kwok',
  karpenter: 'sigs.k8s.io/karpenter/kwok',
  'kube-score': 'github.com/zegl/kube-score/cmd/kube-score',
};

/**
 * Builds Kubernetes, kwok, Karpenter and kube-score from their Go modules. The first build takes some ten minutes; the
 * result is kept in the cache. The caller passes the cache's path, because this file is part of the hash: an import of
 * the path would cause a new build whenever the imported file moves.
 * @returns a directory: bin/ has the programs, crds/ Karpenter's custom resources, stages/ the behaviour of kwok's nodes.
 */
export function buildPrograms(cache: string): string {
  const directory = join(cache, `kubernetes-${sourceHash()}`);
  if (existsSync(directory)) return directory;
  console.error('eks-jobs: building Kubernetes and Karpenter from their Go modules, once; some ten minutes');
  const unfinished = `${directory}.${process.pid}`;
  const bin = join(unfinished, 'bin');
  mkdirSync(bin, { recursive: true });
  try {
    go('kubernetes', ['build', '-trimpath', '-ldflags', versionFlags(), '-o', join(bin, 'kubernetes'), '.']);
    for (const name of componentNames) symlinkSync('kubernetes', join(bin, name));
    for (const [name, program] of Object.entries(tools)) {
      go(name, ['build', '-trimpath', '-ldflags', '-s -w', '-o', join(bin, name), program]);
    }
    const crds = join(unfinished, 'crds');
    copyModule('karpenter', 'sigs.k8s.io/karpenter', 'pkg/apis/crds', join(crds, 'karpenter'));
    copyModule('karpenter', 'sigs.k8s.io/karpenter', 'kwok/apis/crds', join(crds, 'karpenter-kwok'));
    copyModule(
      'karpenter-aws',
      'github.com/aws/karpenter-provider-aws',
      'pkg/apis/crds',
      join(crds, 'karpenter-aws'),
    );
    copyModule('kwok', 'sigs.k8s.io/kwok', 'kustomize/stage/node', join(unfinished, 'stages'));
    renameSync(unfinished, directory);
    removeOldBuilds(cache);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return directory;
}

/** The number of builds to keep, of some 300 MB each. It is not 1, because another clone may use the previous build. */
const keptBuilds = 2;

function removeOldBuilds(cache: string): void {
  const builds = readdirSync(cache)
    .filter((name) => /^kubernetes-[0-9a-f]{16}$/.test(name))
    .map((name) => join(cache, name))
    .sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  for (const build of builds.slice(keptBuilds)) rmSync(build, { recursive: true, force: true });
}

/** Hashes everything that the result depends on: the modules' files, this file, and the compiler's version. */
function sourceHash(): string {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' }).sort()) {
    if (/\.(go|mod|sum)$/.test(file)) hash.update(file).update(readFileSync(join(sources, file)));
  }
  return hash
    .update(go('kubernetes', ['version']))
    .digest('hex')
    .slice(0, 16);
}

function versionFlags(): string {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(kubernetesVersion) ?? [];
  const values = { gitVersion: kubernetesVersion, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const flags = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((package_) =>
    Object.entries(values).map(([name, value]) => `-X ${package_}.${name}=${value}`),
  );
  return ['-s', '-w', ...flags].join(' ');
}

const Module = z.object({ Dir: z.string() });

/** Copies a folder of a module's source. Go checks it against go.sum. A copy, because the module cache is read-only. */
function copyModule(project: string, module: string, folder: string, destination: string): void {
  const { Dir } = Module.parse(JSON.parse(go(project, ['mod', 'download', '-json', module])));
  cpSync(join(Dir, folder), destination, { recursive: true });
}

/** Runs the go command in a project's folder. @returns its standard output. */
function go(project: string, parameters: string[]): string {
  const { status, stdout, error } = spawnSync('go', parameters, {
    cwd: join(sources, project),
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`go ${parameters.join(' ')} (in ${project}) failed`);
  return stdout;
}
