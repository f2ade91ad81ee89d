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

/** Renders every set that can be applied: each node class, and a table outside AWS. */
export const everySet = (namespace = 'eks-jobs'): ManifestSet[] =>
  Object.values(nodes).map((form) => render({ ...form, namespace, tableAddress: '10.0.0.1:3002' }));

/** Finds the only object of a kind and name. */
export function objectOf({ objects }: ManifestSet, kind: string, name?: string): KubernetesObject {
  const [found, ...others] = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  if (found === undefined || others.length > 0) throw new Error(`${kind} ${name ?? ''}: not exactly one`);
  return found;
}
