import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ApiServer } from './api-server.ts';
import { ClusterFailure, RequestRefused } from './failure.ts';
import { readInventory } from './inventory.ts';
import { keyOf, nameOf, referenceTo, type KubernetesObject } from './kubernetes-object.ts';
import type { ManifestSet } from './manifests.ts';
import { bare, isManagedBy, managerOf, readIfKnown } from './remove.ts';

/**
 * Compares a set with the cluster: what applying it would change, by a dry run on the API server.
 * @returns a unified diff of YAML, empty when nothing would change.
 */
export async function differenceOf(server: ApiServer, { namespace, objects }: ManifestSet): Promise<string> {
  const manager = managerOf(namespace);
  const desired = new Set(objects.map((object) => keyOf(referenceTo(object))));
  const parts: string[] = [];
  for (const object of objects) {
    const reference = referenceTo(object);
    const live = await server.read(reference);
    const applied = await dryRun(server, object, live, manager);
    parts.push(unifiedDiff(nameOf(reference), toYaml(live), toYaml(applied)));
  }
  for (const entry of (await readInventory(server, namespace)).values()) {
    const live = desired.has(keyOf(entry)) ? undefined : await readIfKnown(server, entry);
    if (live === undefined || !isManagedBy(live, manager)) continue;
    const kept = entry.borrowed ? await server.apply(bare(entry), { manager, dryRun: true }) : undefined;
    parts.push(unifiedDiff(nameOf(entry), toYaml(live), toYaml(kept)));
  }
  return parts.join('');
}

/** Tries to apply an object. In a namespace that does not exist yet that is impossible: the manifest is used instead. */
async function dryRun(
  server: ApiServer,
  object: KubernetesObject,
  live: KubernetesObject | undefined,
  manager: string,
): Promise<KubernetesObject> {
  try {
    return await server.apply(object, { manager, dryRun: true });
  } catch (error) {
    if (error instanceof RequestRefused && error.status === 404 && live === undefined) return object;
    throw error;
  }
}

/** Fields that a reader cannot act on, and that a dry run invents. */
const bookkeeping = ['managedFields', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'];

const without = (object: object, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

function toYaml(object: KubernetesObject | undefined): string {
  if (object === undefined) return '';
  const kept = { ...without(object, ['status']), metadata: without(object.metadata, bookkeeping) };
  return stringify(kept, { sortMapEntries: true });
}

/** Runs the program `diff`, as kubectl does: every reader knows its format. */
function unifiedDiff(name: string, before: string, after: string): string {
  if (before === after) return '';
  const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-diff-'));
  try {
    const files = [join(directory, 'before'), join(directory, 'after')] as const;
    writeFileSync(files[0], before);
    writeFileSync(files[1], after);
    const labels = ['-L', `${name} (in the cluster)`, '-L', `${name} (applied)`];
    const { status, stdout, error } = spawnSync('diff', ['-u', ...labels, ...files], { encoding: 'utf8' });
    if (error !== undefined || status !== 1) {
      throw new ClusterFailure(`diff cannot be run: ${error?.message ?? `exit code ${status ?? 'none'}`}`);
    }
    return stdout;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
