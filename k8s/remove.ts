import type { ApiServer } from './api-server.ts';
import { waitUntilGone } from './established.ts';
import { UnknownKind } from './failure.ts';
import {
  inventoryOf,
  inventoryReference,
  readInventory,
  writeInventory,
  type InventoryEntry,
} from './inventory.ts';
import { type KubernetesObject, type ObjectReference } from './kubernetes-object.ts';
import { namespaceContents } from './namespace-contents.ts';

/** What became of an object. `released`: only our fields were taken back; `left`: it is not the one we made. */
export type Change = 'created' | 'changed' | 'unchanged' | 'deleted' | 'released' | 'left' | 'gone';

export type Report = (object: ObjectReference, change: Change) => void;

/** The field manager of one namespace's set: two on one cluster can share an object without undoing each other. */
export const managerOf = (namespace: string): string => `eks-jobs:${namespace}`;

/** The API server's own record says whether it was applied by us. */
export const isManagedBy = ({ metadata }: KubernetesObject, name: string): boolean =>
  (metadata.managedFields ?? []).some(({ manager, operation }) => manager === name && operation === 'Apply');

/** What uses others goes first: nodes, then their class, permissions after those who hold them, the namespace last. */
const deletionOrder = [
  'NodePool',
  'NodeClass',
  'EC2NodeClass',
  'RoleBinding',
  'Role',
  'ServiceAccount',
  'NetworkPolicy',
  'ConfigMap',
  'Namespace',
];

export const inDeletionOrder = (entries: Iterable<InventoryEntry>): InventoryEntry[] =>
  [...entries].sort((one, other) => deletionOrder.indexOf(one.kind) - deletionOrder.indexOf(other.kind));

/** Takes one applied object back, unless it is gone or somebody has made another in its place. */
export async function remove(server: ApiServer, entry: InventoryEntry, manager: string): Promise<Change> {
  const found = await readIfKnown(server, entry);
  if (found === undefined) return 'gone';
  if (!isManagedBy(found, manager)) return 'left';
  if (entry.borrowed) {
    await server.apply(bare(entry), { manager });
    return 'released';
  }
  await server.delete(entry, found.metadata.uid);
  return 'deleted';
}

/** Applying this gives up every field that was ours alone. */
export const bare = ({ apiVersion, kind, name, namespace }: ObjectReference): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
});

/** A kind that the cluster has lost took its objects with it. */
export async function readIfKnown(
  server: ApiServer,
  reference: ObjectReference,
): Promise<KubernetesObject | undefined> {
  try {
    return await server.read(reference);
  } catch (error) {
    if (error instanceof UnknownKind) return undefined;
    throw error;
  }
}

/**
 * Takes back all that was ever applied for this namespace; twice is as good as once. The namespace itself goes only when it is
 * empty: jobs that are under way, and what others put there, stay.
 * @returns what keeps the namespace; nothing when it is gone or was never ours.
 * @throws ClusterFailure when a request is refused, or something takes longer to go than that many seconds.
 */
export async function deleteManifests(
  server: ApiServer,
  namespace: string,
  { waitSeconds = 60, report = () => undefined }: { waitSeconds?: number; report?: Report } = {},
): Promise<string[]> {
  const manager = managerOf(namespace);
  const entries = inDeletionOrder((await readInventory(server, namespace)).values());
  for (const entry of entries.filter(({ kind }) => kind !== 'Namespace')) {
    const change = await remove(server, entry, manager);
    report(entry, change);
    if (change === 'deleted') await waitUntilGone(server, entry, waitSeconds);
  }
  const own = entries.find(({ kind }) => kind === 'Namespace');
  if (own === undefined) return [];
  const contents = own.borrowed ? [] : await namespaceContents(server, namespace);
  if (contents.length > 0) {
    await writeInventory(server, manager, namespace, inventoryOf([own]));
    return contents;
  }
  const change = await remove(server, own, manager);
  report(own, change);
  if (change === 'deleted') await waitUntilGone(server, own, waitSeconds);
  else await server.delete(inventoryReference(namespace), undefined);
  return [];
}
