import * as z from 'zod';
import { dnsLabel, eksClusterName, logGroupOrNone, unanchored } from '../../lib/patterns.ts';
import { InvalidParameters } from '../failure.ts';
import { renderManifests, type ManifestSources, type ManifestSet } from '../manifests.ts';
import type { ControlPlaneLogs } from './control-plane-logs.ts';

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

/** CloudFormation sends numbers as text. */
const ControlPlaneLogsProperties = z.object({
  controlPlaneLogGroup: z.string().regex(logGroupOrNone, "must be a CloudWatch log group's name"),
  controlPlaneLogRetention: z.coerce.number('must be a number of days').int().positive(),
});

/** What a resource must contain: this set of manifests in this cluster, and the log group of a cluster that the stack creates. */
export interface DesiredState {
  clusterName: string;
  set: ManifestSet;
  controlPlaneLogs?: ControlPlaneLogs;
}

/**
 * Reads the resource's properties: those of k8s/parameters.ts and of the log group, each with a capital first letter. An empty string means that the
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
  const controlPlaneLogs = takeControlPlaneLogs(parameters);
  // The manifests name the cluster only to find its nodes' subnets.
  const withNodes = (parameters['nodeClass'] ?? 'none') !== 'none';
  if (!withNodes) delete parameters['clusterName'];
  try {
    const set = renderManifests(sources, parameters);
    return { clusterName, set, ...(controlPlaneLogs && { controlPlaneLogs }) };
  } catch (failure) {
    if (!(failure instanceof InvalidParameters)) throw failure;
    throw new InvalidParameters(
      failure.issues.map(({ name, message }) => ({ name: withInitial(name, 'upper'), message })),
    );
  }
}

/** Removes the properties of the log group, and reads them unless there is none. */
function takeControlPlaneLogs(parameters: Record<string, unknown>): ControlPlaneLogs | undefined {
  const { controlPlaneLogGroup, controlPlaneLogRetention } = parameters;
  delete parameters['controlPlaneLogGroup'];
  delete parameters['controlPlaneLogRetention'];
  if (controlPlaneLogGroup === undefined) return undefined;
  const given = { controlPlaneLogGroup, controlPlaneLogRetention };
  const { data, error } = ControlPlaneLogsProperties.safeParse(given);
  if (data) return { group: data.controlPlaneLogGroup, retentionInDays: data.controlPlaneLogRetention };
  throw new InvalidParameters(
    error.issues.map(({ path, message }) => ({ name: withInitial(path.join('.'), 'upper'), message })),
  );
}

const withInitial = (name: string, form: 'upper' | 'lower'): string =>
  (form === 'upper' ? name.charAt(0).toUpperCase() : name.charAt(0).toLowerCase()) + name.slice(1);
