import { setTimeout as pause } from 'node:timers/promises';
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

/** What was done to an object. `released`: only our fields were removed; `left`: it is not the object that we created. */
export type Change = 'created' | 'changed' | 'unchanged' | 'deleted' | 'released' | 'left' | 'gone';

export type Report = (object: ObjectReference, change: Change) => void;

/** Names the field manager of a namespace's set: two sets on one cluster can share an object without undoing each other. */
export const managerOf = (namespace: string): string => `eks-jobs:${namespace}`;

/** Tells whether a field manager applied an object, by the API server's own record. */
export const isManagedBy = ({ metadata }: KubernetesObject, name: string): boolean =>
  (metadata.managedFields ?? []).some(({ manager, operation }) => manager === name && operation === 'Apply');

/**
 * What uses others is deleted first: nodes before their class and before the pods on them, bindings before their roles,
 * namespaces last.
 */
const deletionOrder = [
  'NodePool',
  'NodeClass',
  'EC2NodeClass',
  'DaemonSet',
  'RoleBinding',
  'Role',
  'ServiceAccount',
  'NetworkPolicy',
  'ConfigMap',
  'Namespace',
];

export const inDeletionOrder = (entries: Iterable<InventoryEntry>): InventoryEntry[] =>
  [...entries].sort((one, other) => deletionOrder.indexOf(one.kind) - deletionOrder.indexOf(other.kind));

/** Removes one applied object, unless it is gone or another object has its name. */
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

/** What Kubernetes deletes by itself, some seconds after its owner: the pods and the revisions of a DaemonSet. */
const goesWithItsOwner = /^(Pod|ControllerRevision) /;

/**
 * Removes one applied object as `remove` does. A namespace is removed only when it is empty: its last pods may need some
 * seconds to end, and what others put into it stays.
 */
export async function removeWithContents(
  server: ApiServer,
  entry: InventoryEntry,
  manager: string,
  waitSeconds: number,
): Promise<Change> {
  if (entry.kind === 'Namespace' && !entry.borrowed && (await readIfKnown(server, entry)) !== undefined) {
    const deadline = performance.now() + waitSeconds * 1000;
    let contents = await namespaceContents(server, entry.name);
    while (contents.some((name) => goesWithItsOwner.test(name)) && performance.now() < deadline) {
      await pause(1000);
      contents = await namespaceContents(server, entry.name);
    }
    if (contents.length > 0) return 'left';
  }
  return await remove(server, entry, manager);
}

/** Makes an object without fields: applying it removes every field that only we managed. */
export const bare = ({ apiVersion, kind, name, namespace }: ObjectReference): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
});

/** Reads an object. If the cluster no longer has its kind, the object is gone too. */
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
 * Removes all that was applied for a namespace; a second run changes nothing. A namespace is deleted only when it is empty:
 * running jobs and objects of others stay.
 * @returns the objects that keep the namespace; none when it is gone or we never created it.
 * @throws ClusterFailure when a request is refused, or an object takes longer than that many seconds to be gone.
 */
export async function deleteManifests(
  server: ApiServer,
  namespace: string,
  { waitSeconds = 60, report = () => undefined }: { waitSeconds?: number; report?: Report } = {},
): Promise<string[]> {
  const manager = managerOf(namespace);
  const entries = inDeletionOrder((await readInventory(server, namespace)).values());
  const isNamespaceOfJobs = ({ kind, name }: InventoryEntry): boolean =>
    kind === 'Namespace' && name === namespace;
  for (const entry of entries.filter((candidate) => !isNamespaceOfJobs(candidate))) {
    const change = await removeWithContents(server, entry, manager, waitSeconds);
    report(entry, change);
    if (change === 'deleted') await waitUntilGone(server, entry, waitSeconds);
  }
  const namespaceEntry = entries.find(isNamespaceOfJobs);
  if (namespaceEntry === undefined) return [];
  const contents = namespaceEntry.borrowed ? [] : await namespaceContents(server, namespace);
  if (contents.length > 0) {
    await writeInventory(server, manager, namespace, inventoryOf([namespaceEntry]));
    return contents;
  }
  const change = await remove(server, namespaceEntry, manager);
  report(namespaceEntry, change);
  if (change === 'deleted') await waitUntilGone(server, namespaceEntry, waitSeconds);
  else await server.delete(inventoryReference(namespace), undefined);
  return [];
}
