import * as z from 'zod';
import { dnsLabel, eksClusterName, unanchored } from '../../lib/patterns.ts';
import { InvalidParameters } from '../failure.ts';
import { renderManifests, type ManifestSources, type ManifestSet } from '../manifests.ts';

/** A cluster and a namespace in it, which a resource sets up. */
export interface SetupTarget {
  clusterName: string;
  namespace: string;
}

/**
 * Names a target, as the physical id of the resource: stable as long as cluster and namespace are. When one of them changes,
 * CloudFormation replaces the resource, and requests the deletion of the old one by its id alone.
 */
export const idOf = ({ clusterName, namespace }: SetupTarget): string => `${clusterName}/${namespace}`;

const idPattern = new RegExp(
  `^(?<clusterName>${unanchored(eksClusterName)})/(?<namespace>${unanchored(dnsLabel)})$`,
);

/** Reads the target of an id. @returns undefined when the id does not name one. */
export function targetOf(id: string): SetupTarget | undefined {
  const { clusterName, namespace } = idPattern.exec(id)?.groups ?? {};
  return clusterName === undefined || namespace === undefined ? undefined : { clusterName, namespace };
}

/** Properties that are not parameters: CloudFormation's own, and Version, which changes with our code to cause an update. */
const otherProperties = ['ServiceToken', 'ServiceTimeout', 'Version'];

const ClusterName = z.string('is required').regex(eksClusterName, "must be an EKS cluster's name");

/** What a resource must contain: this set of manifests in this cluster. */
export interface DesiredState {
  clusterName: string;
  set: ManifestSet;
}

/**
 * Reads the resource's properties: those of k8s/parameters.ts, each with a capital first letter. An empty string means that the
 * property is not set, because a template cannot easily leave one out.
 * @throws InvalidParameters naming each property that is wrong, unknown or missing.
 */
export function readProperties(
  properties: Readonly<Record<string, unknown>>,
  sources: ManifestSources,
): DesiredState {
  const given = Object.entries(properties).filter(
    ([name, value]) => !otherProperties.includes(name) && value !== '',
  );
  const parameters = Object.fromEntries(given.map(([name, value]) => [withInitial(name, 'lower'), value]));
  const { data: clusterName, error } = ClusterName.safeParse(parameters['clusterName']);
  if (clusterName === undefined) {
    throw new InvalidParameters([{ name: 'ClusterName', message: error.issues[0]?.message ?? 'is invalid' }]);
  }
  // The manifests name the cluster only to find its nodes' subnets.
  const withNodes = (parameters['nodeClass'] ?? 'none') !== 'none';
  if (!withNodes) delete parameters['clusterName'];
  try {
    return { clusterName, set: renderManifests(sources, parameters) };
  } catch (failure) {
    if (!(failure instanceof InvalidParameters)) throw failure;
    throw new InvalidParameters(
      failure.issues.map(({ name, message }) => ({ name: withInitial(name, 'upper'), message })),
    );
  }
}

const withInitial = (name: string, form: 'upper' | 'lower'): string =>
  (form === 'upper' ? name.charAt(0).toUpperCase() : name.charAt(0).toLowerCase()) + name.slice(1);
