import {
  DescribeClusterCommand,
  ResourceNotFoundException,
  type Cluster,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { ClusterFailure } from './failure.ts';
import type { EksAddress } from './eks-connection.ts';

/** Reads the description of a cluster from EKS. @returns undefined when the cluster does not exist. */
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

/** A cluster in one of these states has an API server that responds. */
const working = ['ACTIVE', 'UPDATING'];

/** Tells whether a cluster may hold objects: not one that is being created or deleted. */
export const mayHoldObjects = ({ status }: Cluster): boolean =>
  !['CREATING', 'PENDING', 'DELETING', 'FAILED'].includes(status ?? '');

/**
 * Checks that a cluster can run jobs. Step Functions needs an access entry, and connects from addresses that AWS does not publish.
 * @throws ClusterFailure naming everything that prevents it.
 */
export function ensureUsable(name: string, cluster: Cluster | undefined): asserts cluster is Cluster {
  if (cluster === undefined)
    throw new ClusterFailure(`the EKS cluster ${name} does not exist in this region`);
  const { status, accessConfig, resourcesVpcConfig } = cluster;
  const mode = accessConfig?.authenticationMode ?? 'CONFIG_MAP';
  const ranges = resourcesVpcConfig?.publicAccessCidrs ?? [];
  const problems = [
    ...(working.includes(status ?? '') ? [] : [`it is ${status ?? 'in an unknown state'}, not ACTIVE`]),
    ...(mode === 'CONFIG_MAP'
      ? ['its authentication mode is CONFIG_MAP; access entries need API or API_AND_CONFIG_MAP']
      : []),
    ...(resourcesVpcConfig?.endpointPublicAccess === true
      ? []
      : ['its API endpoint is not public, and Step Functions can reach only a public one']),
    ...(ranges.length === 0 || ranges.includes('0.0.0.0/0')
      ? []
      : [`its API endpoint is open to ${ranges.join(', ')} only, and Step Functions has no fixed addresses`]),
  ];
  if (problems.length > 0)
    throw new ClusterFailure(`EKS cluster ${name} cannot run jobs: ${problems.join('; ')}`);
}

/** Reads the address of a cluster's API server. @throws ClusterFailure while EKS creates the cluster. */
export function addressOf(name: string, { endpoint, certificateAuthority }: Cluster): EksAddress {
  const authority = certificateAuthority?.data;
  if (endpoint === undefined || authority === undefined) {
    throw new ClusterFailure(`EKS cluster ${name} has no API endpoint yet`);
  }
  return { name, endpoint, certificateAuthority: authority };
}
