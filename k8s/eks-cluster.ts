import {
  DescribeClusterCommand,
  ResourceNotFoundException,
  type Cluster,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { ClusterFailure } from './failure.ts';
import type { EksCluster } from './eks-connection.ts';

/** @returns what EKS says of the cluster, or undefined when there is none of that name. */
export async function findCluster(
  client: EKSClient,
  name: string,
  abortSignal: AbortSignal,
): Promise<Cluster | undefined> {
  try {
    return (await client.send(new DescribeClusterCommand({ name }), { abortSignal })).cluster;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** A cluster in one of these states has an API server that answers. */
const working = ['ACTIVE', 'UPDATING'];

/** @returns the cluster, unless what is said of it means that nothing can be in it: not any more, or not yet. */
export const unlessEmpty = (cluster: Cluster | undefined): Cluster | undefined =>
  ['CREATING', 'PENDING', 'DELETING', 'FAILED'].includes(cluster?.status ?? '') ? undefined : cluster;

/**
 * Whether jobs can run there: Step Functions enters by an access entry, from addresses of its own that nobody can list.
 * @throws ClusterFailure naming everything that is in the way.
 */
export function ensureUsable(name: string, cluster: Cluster | undefined): asserts cluster is Cluster {
  if (cluster === undefined) throw new ClusterFailure(`there is no EKS cluster ${name} in this region`);
  const { status, accessConfig, resourcesVpcConfig } = cluster;
  const mode = accessConfig?.authenticationMode ?? 'CONFIG_MAP';
  const ranges = resourcesVpcConfig?.publicAccessCidrs ?? [];
  const problems = [
    ...(working.includes(status ?? '') ? [] : [`it is ${status ?? 'in no known state'}, not ACTIVE`]),
    ...(mode === 'CONFIG_MAP'
      ? ['its authentication mode is CONFIG_MAP; access entries need API or API_AND_CONFIG_MAP']
      : []),
    ...(resourcesVpcConfig?.endpointPublicAccess === true
      ? []
      : ['its API endpoint is not public, and Step Functions reaches no other']),
    ...(ranges.length === 0 || ranges.includes('0.0.0.0/0')
      ? []
      : [`its API endpoint is open to ${ranges.join(', ')} only, and Step Functions has no fixed addresses`]),
  ];
  if (problems.length > 0)
    throw new ClusterFailure(`EKS cluster ${name} cannot run jobs: ${problems.join('; ')}`);
}

/** How to reach it. @throws ClusterFailure when EKS does not say, as while it makes the cluster. */
export function addressOf(name: string, { endpoint, certificateAuthority }: Cluster): EksCluster {
  const authority = certificateAuthority?.data;
  if (endpoint === undefined || authority === undefined) {
    throw new ClusterFailure(`EKS cluster ${name} has no API endpoint yet`);
  }
  return { name, endpoint, certificateAuthority: authority };
}
