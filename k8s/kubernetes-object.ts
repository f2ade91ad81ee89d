import * as z from 'zod';

/** Any Kubernetes object: only its name and kind are checked; the API server checks the rest. */
export const KubernetesObject = z.looseObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  metadata: z.looseObject({
    name: z.string().min(1),
    namespace: z.string().min(1).optional(),
    uid: z.string().optional(),
    resourceVersion: z.string().optional(),
    generation: z.number().optional(),
    deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    managedFields: z
      .array(z.looseObject({ manager: z.string().optional(), operation: z.string().optional() }))
      .optional(),
  }),
});

export type KubernetesObject = z.infer<typeof KubernetesObject>;

/** The name and kind of an object, without its contents. */
export interface ObjectReference {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string | undefined;
}

export const referenceTo = ({ apiVersion, kind, metadata }: KubernetesObject): ObjectReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
});

/** Names an object for messages, as in "Role run-job in eks-jobs". */
export const nameOf = ({ kind, name, namespace }: ObjectReference): string =>
  namespace === undefined ? `${kind} ${name}` : `${kind} ${name} in ${namespace}`;

const groupOf = (apiVersion: string): string => apiVersion.split('/').slice(0, -1).join('');

/** Makes a key of an object: the same for each version of its API. */
export const keyOf = ({ apiVersion, kind, name, namespace = '' }: ObjectReference): string =>
  [namespace, name, groupOf(apiVersion), kind].join('/');
