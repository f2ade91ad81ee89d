import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));

/** All that ClusterSetup does: the manifests, and the code that applies them. */
const sources = ['k8s/**/*.{yml,ts}', 'handlers/cluster-setup.ts'];

/**
 * `${clusterSetup:version}`: changes when ClusterSetup would do something else, and only then. CloudFormation calls a custom
 * resource again only when one of its properties has changed.
 */
export function clusterSetupVersion(root = repository): string {
  const hash = createHash('sha256');
  for (const path of globSync(sources, { cwd: root }).sort()) {
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
