import type { KubernetesObject } from '../../../k8s/kubernetes-object.ts';
import { readManifests, renderManifests, type ManifestSet } from '../../../k8s/manifests.ts';
import type { ParametersInput } from '../../../k8s/parameters.ts';

const sources = readManifests();

export const render = (parameters: ParametersInput): ManifestSet => renderManifests(sources, parameters);

/** The minimal parameters of each node class. */
export const nodes: Record<'none' | 'auto-mode' | 'bottlerocket', ParametersInput> = {
  none: {},
  'auto-mode': { nodeClass: 'auto-mode', nodeRole: 'eks-jobs-node', clusterName: 'eks-jobs' },
  bottlerocket: {
    nodeClass: 'bottlerocket',
    nodeRole: 'eks-jobs-node',
    clusterName: 'eks-jobs',
    bottlerocketVersion: 'v1.50.0',
  },
};

/** The parameters with which fluent-bit ships the containers' logs. */
export const logs: ParametersInput = {
  logGroup: '/aws/containerinsights/eks-jobs/application',
  logRegion: 'eu-central-1',
};

/** Renders every set that can be applied: each node class, a table outside AWS, and the shipping of logs. */
export const everySet = (namespace = 'eks-jobs'): ManifestSet[] =>
  Object.values(nodes).map((form) => render({ ...form, ...logs, namespace, tableAddress: '10.0.0.1:3002' }));

/** Finds the only object of a kind and name, in a namespace if that is given. */
export function objectOf(
  { objects }: ManifestSet,
  kind: string,
  name?: string,
  namespace?: string,
): KubernetesObject {
  const [found, ...others] = objects.filter(
    ({ kind: ofKind, metadata }) =>
      ofKind === kind &&
      (name === undefined || metadata.name === name) &&
      (namespace === undefined || metadata.namespace === namespace),
  );
  if (found === undefined || others.length > 0) throw new Error(`${kind} ${name ?? ''}: not exactly one`);
  return found;
}
