import * as z from 'zod';

/** Any Kubernetes object: what names it is checked, the rest is the API server's matter. */
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

/** Which object, without what is in it. */
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

/** "Role run-job in eks-jobs", as messages name it. */
export const nameOf = ({ kind, name, namespace }: ObjectReference): string =>
  namespace === undefined ? `${kind} ${name}` : `${kind} ${name} in ${namespace}`;

const groupOf = (apiVersion: string): string => apiVersion.split('/').slice(0, -1).join('');

/** The same for two references to one object, whatever version of its API each speaks. */
export const keyOf = ({ apiVersion, kind, name, namespace = '' }: ObjectReference): string =>
  [namespace, name, groupOf(apiVersion), kind].join('/');
