import type { ApiServer } from './api-server.ts';
import { waitUntilEstablished, waitUntilGone } from './established.ts';
import { ClusterFailure } from './failure.ts';
import { inventoryOf, readInventory, writeInventory, type InventoryEntry } from './inventory.ts';
import { keyOf, nameOf, referenceTo, type KubernetesObject } from './kubernetes-object.ts';
import type { ManifestSet } from './manifests.ts';
import { inDeletionOrder, isManagedBy, managerOf, remove, type Report } from './remove.ts';

export interface ApplyOptions {
  /** Take over objects of our names that somebody else made. */
  adopt?: boolean;
  /** How long to wait for what is not there at once, in seconds. */
  waitSeconds?: number;
  /** Told each object and what became of it. */
  report?: Report;
}

/**
 * Makes the cluster hold exactly this set: applies every object, then removes what an earlier set had and this one has not.
 * Doing it twice changes nothing; a run that was cut off is repaired by the next. What is removed is what the inventory
 * names, and the inventory names an object before it is made.
 * @throws ClusterFailure when an object of that name is somebody else's, a request is refused, or waiting was in vain.
 */
export async function applyManifests(
  server: ApiServer,
  { namespace, objects }: ManifestSet,
  { adopt = false, waitSeconds = 60, report = () => undefined }: ApplyOptions = {},
): Promise<void> {
  const manager = managerOf(namespace);
  const recorded = await readInventory(server, namespace);
  const live = new Map<string, KubernetesObject>();
  for (const object of objects) {
    const found = await settled(server, object, waitSeconds);
    if (found !== undefined) live.set(keyOf(referenceTo(object)), found);
  }

  const entries = objects.map((object): InventoryEntry => {
    const reference = referenceTo(object);
    const found = live.get(keyOf(reference));
    const known = recorded.get(keyOf(reference));
    const shared = isShared(object, namespace);
    const foreign = found !== undefined && !isManagedBy(found, manager);
    return { ...reference, borrowed: shared || (found !== undefined && (known?.borrowed ?? foreign)) };
  });
  const foreign = entries.filter(
    (entry, index) => entry.borrowed && !recorded.has(keyOf(entry)) && !isShared(objects[index], namespace),
  );
  if (foreign.length > 0 && !adopt) throw taken(foreign);

  const [first] = objects;
  if (first?.kind !== 'Namespace') throw new Error('a set of manifests begins with its namespace');
  const applyOne = async (object: KubernetesObject): Promise<void> => {
    const before = live.get(keyOf(referenceTo(object)));
    const after = await server.apply(object, { manager });
    live.set(keyOf(referenceTo(object)), after);
    const changed = before?.metadata.resourceVersion !== after.metadata.resourceVersion;
    report(referenceTo(object), before === undefined ? 'created' : changed ? 'changed' : 'unchanged');
  };
  // The inventory lives in the namespace, so only a namespace that was not there comes before it.
  const isNew = !live.has(keyOf(referenceTo(first)));
  if (isNew) await applyOne(first);
  await waitUntilEstablished(server, [first], waitSeconds);
  await writeInventory(server, manager, namespace, new Map([...recorded, ...inventoryOf(entries)]));
  for (const object of isNew ? objects.slice(1) : objects) await applyOne(object);

  const wanted = inventoryOf(entries);
  for (const entry of inDeletionOrder(recorded.values())) {
    if (!wanted.has(keyOf(entry))) report(entry, await remove(server, entry, manager));
  }
  await writeInventory(server, manager, namespace, wanted);
  if (waitSeconds > 0) await waitUntilEstablished(server, objects, waitSeconds);
}

/** What lives outside the jobs' namespace and yet in one belongs to the whole cluster. */
const isShared = (object: KubernetesObject | undefined, namespace: string): boolean =>
  object?.metadata.namespace !== undefined && object.metadata.namespace !== namespace;

/** The object as it is, once a deletion that is under way has ended: what is applied to a dying object dies with it. */
async function settled(
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

function taken(foreign: readonly InventoryEntry[]): ClusterFailure {
  const names = foreign.map(nameOf).join(', ');
  return new ClusterFailure(
    `not made by this command: ${names}. Choose another --namespace, or take over with --adopt; what was taken over is never deleted`,
  );
}
