import * as z from 'zod';
import { InvalidParameters } from '../failure.ts';
import { renderManifests, type ManifestSources, type ManifestSet } from '../manifests.ts';

/** CloudFormation's own, and the one that says nothing: it changes with our code, so that an upgrade is an update. */
const unread = ['ServiceToken', 'ServiceTimeout', 'Version'];

const ClusterName = z
  .string('is needed')
  .regex(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/, "must be an EKS cluster's name");

/** What the resource is to hold: this set in that cluster. */
export interface Wanted {
  clusterName: string;
  set: ManifestSet;
}

/**
 * Reads the resource's properties: those of k8s/parameters.ts, each with a capital first letter. An empty string is a property
 * that was not given, since a template cannot easily leave one out.
 * @throws InvalidParameters naming each property that is wrong, unknown or missing.
 */
export function readProperties(
  properties: Readonly<Record<string, unknown>>,
  sources: ManifestSources,
): Wanted {
  const given = Object.entries(properties).filter(([name, value]) => !unread.includes(name) && value !== '');
  const parameters = Object.fromEntries(given.map(([name, value]) => [withInitial(name, 'lower'), value]));
  const { data: clusterName, error } = ClusterName.safeParse(parameters['clusterName']);
  if (clusterName === undefined) {
    throw new InvalidParameters([{ name: 'ClusterName', message: error.issues[0]?.message ?? 'is wrong' }]);
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
