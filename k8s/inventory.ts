import * as z from 'zod';
import type { ApiServer } from './api-server.ts';
import { ClusterFailure } from './failure.ts';
import { keyOf, type ObjectReference } from './kubernetes-object.ts';

/** An object that was applied. */
export interface InventoryEntry extends ObjectReference {
  /** The object existed before, or others use it too: it is never deleted; only our fields are removed from it. */
  borrowed: boolean;
}

/** By keyOf. */
export type Inventory = ReadonlyMap<string, InventoryEntry>;

const Entry = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  namespace: z.string().optional(),
  borrowed: z.boolean(),
});

const InventoryObject = z.looseObject({ data: z.record(z.string(), z.string()).default({}) });

const inventoryName = 'eks-jobs-inventory';

/** Names the ConfigMap in the jobs' namespace that lists all applied objects, as kubernetes-sigs/cli-utils does. */
export const inventoryReference = (namespace: string): ObjectReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: inventoryName,
  namespace,
});

export const inventoryOf = (entries: Iterable<InventoryEntry>): Inventory =>
  new Map([...entries].map((entry) => [keyOf(entry), entry]));

/** Reads what was applied for a namespace; empty when nothing was. @throws ClusterFailure when an entry is not ours. */
export async function readInventory(server: ApiServer, namespace: string): Promise<Inventory> {
  const found = await server.read(inventoryReference(namespace));
  if (found === undefined) return new Map();
  const entries = Object.entries(InventoryObject.parse(found).data).map(([name, text]) => {
    try {
      return Entry.parse(JSON.parse(text));
    } catch (error) {
      throw new ClusterFailure(
        `ConfigMap ${inventoryName} in ${namespace}: ${name} is not an entry of this inventory`,
        {
          cause: error,
        },
      );
    }
  });
  return inventoryOf(entries);
}

/** Replaces the inventory; its namespace must exist. */
export async function writeInventory(
  server: ApiServer,
  manager: string,
  namespace: string,
  inventory: Inventory,
): Promise<void> {
  const entries = [...inventory].map(([key, entry]) => [key.replaceAll('/', '_'), JSON.stringify(entry)]);
  await server.apply(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: inventoryName,
        namespace,
        labels: { 'app.kubernetes.io/part-of': 'eks-jobs' },
      },
      data: Object.fromEntries(entries) as Record<string, string>,
    },
    { manager },
  );
}
