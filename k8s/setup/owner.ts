import * as z from 'zod';
import type { ApiServer } from '../api-server.ts';
import type { ObjectReference } from '../kubernetes-object.ts';
import { managerOf } from '../remove.ts';

const annotation = 'eks-jobs/stack';

const Owned = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).optional() }),
});

const namespaceReference = (name: string): ObjectReference => ({ apiVersion: 'v1', kind: 'Namespace', name });

/** Reads which stack owns a namespace. @returns undefined when none does, or the namespace does not exist. */
export async function namespaceOwnerOf(server: ApiServer, namespace: string): Promise<string | undefined> {
  const found = await server.read(namespaceReference(namespace));
  return found && Owned.parse(found).metadata.annotations?.[annotation];
}

/**
 * Marks a namespace, which must exist, as this stack's: two stacks with one namespace would undo each other's work. The field has
 * a manager of its own, so that `npm run k8s:apply` does not remove it.
 */
export async function claim(server: ApiServer, namespace: string, stack: string): Promise<void> {
  const { apiVersion, kind, name } = namespaceReference(namespace);
  await server.apply(
    { apiVersion, kind, metadata: { name, annotations: { [annotation]: stack } } },
    { manager: `${managerOf(namespace)}:stack` },
  );
}
