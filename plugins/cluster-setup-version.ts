import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const repository = fileURLToPath(new URL('..', import.meta.url));

const handler = 'handlers/cluster-setup.ts';

/** Lists the files of this repository that the function's bundle contains: the handler and all that it imports. */
function bundledFiles(root: string): string[] {
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: [handler],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  return Object.keys(metafile.inputs);
}

/**
 * Computes `${clusterSetup:version}`: it changes when the code or the manifests of ClusterSetup change, and only then.
 * CloudFormation calls a custom resource again only when one of its properties has changed.
 */
export function clusterSetupVersion(root = repository): string {
  const hash = createHash('sha256');
  const files = [...bundledFiles(root), ...globSync('k8s/manifests/*.yml', { cwd: root })];
  for (const path of files.sort()) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

export default class ClusterSetupVersion {
  readonly configurationVariablesSources = {
    clusterSetup: { resolve: () => ({ value: clusterSetupVersion() }) },
  };
}
