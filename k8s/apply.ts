import type { ApiServer } from './api-server.ts';
import { waitUntilEstablished, waitUntilGone } from './established.ts';
import { ClusterFailure } from './failure.ts';
import { inventoryOf, readInventory, writeInventory, type InventoryEntry } from './inventory.ts';
import { keyOf, nameOf, referenceTo, type KubernetesObject } from './kubernetes-object.ts';
import type { ManifestSet } from './manifests.ts';
import { inDeletionOrder, isManagedBy, managerOf, removeWithContents, type Report } from './remove.ts';

export interface ApplyOptions {
  /** Take over objects of our names that we did not create. */
  adopt?: boolean;
  /** How long to wait for what does not exist at once, in seconds. */
  waitSeconds?: number;
  /** Called with each object and what was done to it. */
  report?: Report;
}

/**
 * Makes the cluster contain exactly this set: applies every object, then removes what only an earlier set had.
 * A second run changes nothing; a run that was interrupted is repaired by the next. Only objects in the inventory are removed,
 * and an object is in the inventory before it is created.
 * @throws ClusterFailure when an object of that name is not ours, a request is refused, or the wait is over.
 */
export async function applyManifests(
  server: ApiServer,
  { namespace, objects }: ManifestSet,
  { adopt = false, waitSeconds = 60, report = () => undefined }: ApplyOptions = {},
): Promise<void> {
  const manager = managerOf(namespace);
  const own = namespacesOf(objects);
  const recorded = await readInventory(server, namespace);
  const live = new Map<string, KubernetesObject>();
  for (const object of objects) {
    const found = await readOnceSettled(server, object, waitSeconds);
    if (found !== undefined) live.set(keyOf(referenceTo(object)), found);
  }

  const entries = objects.map((object): InventoryEntry => {
    const reference = referenceTo(object);
    const found = live.get(keyOf(reference));
    const known = recorded.get(keyOf(reference));
    const shared = isShared(object, own);
    const foreign = found !== undefined && !isManagedBy(found, manager);
    return { ...reference, borrowed: shared || (found !== undefined && (known?.borrowed ?? foreign)) };
  });
  const foreign = entries.filter(
    (entry, index) => entry.borrowed && !recorded.has(keyOf(entry)) && !isShared(objects[index], own),
  );
  if (foreign.length > 0 && !adopt) throw foreignObjects(foreign);

  const [first] = objects;
  if (first?.kind !== 'Namespace') throw new Error('a set of manifests must begin with its namespace');
  const applyOne = async (object: KubernetesObject): Promise<void> => {
    const before = live.get(keyOf(referenceTo(object)));
    const after = await server.apply(object, { manager });
    live.set(keyOf(referenceTo(object)), after);
    const changed = before?.metadata.resourceVersion !== after.metadata.resourceVersion;
    report(referenceTo(object), before === undefined ? 'created' : changed ? 'changed' : 'unchanged');
  };
  // The inventory is in the namespace, so only a namespace that does not exist yet is applied before it.
  const isNew = !live.has(keyOf(referenceTo(first)));
  if (isNew) await applyOne(first);
  await waitUntilEstablished(server, [first], waitSeconds);
  await writeInventory(server, manager, namespace, new Map([...recorded, ...inventoryOf(entries)]));
  for (const object of isNew ? objects.slice(1) : objects) await applyOne(object);

  const desired = inventoryOf(entries);
  for (const entry of inDeletionOrder(recorded.values())) {
    if (desired.has(keyOf(entry))) continue;
    report(entry, await removeWithContents(server, entry, manager, waitSeconds));
  }
  await writeInventory(server, manager, namespace, desired);
  if (waitSeconds > 0) await waitUntilEstablished(server, objects, waitSeconds);
}

const namespacesOf = (objects: readonly KubernetesObject[]): string[] =>
  objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);

/** Tells whether an object belongs to the whole cluster: it is in a namespace that the set does not contain. */
const isShared = (object: KubernetesObject | undefined, own: readonly string[]): boolean =>
  object?.metadata.namespace !== undefined && !own.includes(object.metadata.namespace);

/** Reads an object, after a deletion of it has ended: what is applied to an object that is being deleted is deleted with it. */
async function readOnceSettled(
  server: ApiServer,
  object: KubernetesObject,
  seconds: number,
): Promise<KubernetesObject | undefined> {
  const reference = referenceTo(object);
  const found = await server.read(reference);
  if (found?.metadata.deletionTimestamp === undefined) return found;
  await waitUntilGone(server, reference, seconds);
  return undefined;
}

function foreignObjects(foreign: readonly InventoryEntry[]): ClusterFailure {
  const names = foreign.map(nameOf).join(', ');
  return new ClusterFailure(
    `this command did not create: ${names}. Choose another --namespace, or take them over with --adopt; what was taken over is never deleted`,
  );
}
