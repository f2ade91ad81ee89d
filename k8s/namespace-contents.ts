import * as z from 'zod';
import type { ApiServer } from './api-server.ts';
import { inventoryReference } from './inventory.ts';

const DiscoveryList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string().default('') }).default({ name: '' }),
      versions: z.array(
        z.object({
          version: z.string(),
          resources: z
            .array(
              z.object({
                resource: z.string(),
                scope: z.string(),
                responseKind: z.object({ kind: z.string() }),
                verbs: z.array(z.string()),
              }),
            )
            .default([]),
        }),
      ),
    }),
  ),
});

/** Go writes an empty list as null. */
const Names = z.object({
  items: z
    .array(z.object({ metadata: z.object({ name: z.string() }) }))
    .nullable()
    .transform((items) => items ?? []),
});

const discovery = { Accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' };
const namesOnly = { Accept: 'application/json;g=meta.k8s.io;v=v1;as=PartialObjectMetadataList' };

/** Tells whether the cluster itself creates an object in every namespace (a PolicyEndpoint is the VPC CNI's copy of our policy). */
const belongsToCluster = (kind: string, name: string): boolean =>
  ['Event', 'Lease', 'EndpointSlice', 'PolicyEndpoint'].includes(kind) ||
  (kind === 'ConfigMap' && name === 'kube-root-ca.crt') ||
  (kind === 'ServiceAccount' && name === 'default');

/** The first few of each kind are enough for a message. */
const perKind = 5;

/**
 * Lists what else is in a namespace: deleting the namespace would delete it too. One request for each kind, some 40 in all.
 * @returns "Job one", "Secret two" …, at most a few of each kind.
 */
export async function namespaceContents(server: ApiServer, namespace: string): Promise<string[]> {
  const inventory = inventoryReference(namespace);
  const found: string[] = [];
  for (const root of ['/api', '/apis']) {
    const { items } = DiscoveryList.parse(await server.get(root, 'the list of kinds', discovery));
    for (const { metadata, versions } of items) {
      // The first version is the preferred one.
      const [preferred] = versions;
      for (const { resource, scope, responseKind, verbs } of preferred?.resources ?? []) {
        if (scope !== 'Namespaced' || !['list', 'create', 'delete'].every((verb) => verbs.includes(verb)))
          continue;
        const base = [root, metadata.name, preferred?.version].filter(Boolean).join('/');
        const path = `${base}/namespaces/${namespace}/${resource}?limit=${perKind}`;
        const { items: objects } = Names.parse(
          await server.get(path, `${resource} in ${namespace}`, namesOnly),
        );
        for (const { metadata: object } of objects) {
          const isInventory = responseKind.kind === inventory.kind && object.name === inventory.name;
          if (!isInventory && !belongsToCluster(responseKind.kind, object.name)) {
            found.push(`${responseKind.kind} ${object.name}`);
          }
        }
      }
    }
  }
  return found;
}
