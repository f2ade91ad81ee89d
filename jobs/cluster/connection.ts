import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Settings } from '../settings.ts';
import type { ClusterConnection } from '../../k8s/connection.ts';
import { loadContext } from '../../k8s/context.ts';
import { KubeConfigConnection } from '../../k8s/kubeconfig-connection.ts';
import { EksConnection } from '../../k8s/eks-connection.ts';

/**
 * The cluster that the settings name: a context of this machine's kubeconfig, or an EKS cluster, entered as the function's own role.
 * @throws ClusterFailure when there is no such context; Error when no cluster is named.
 */
export function connect(settings: Settings): ClusterConnection {
  if (settings.KUBE_CONTEXT !== undefined) {
    return new KubeConfigConnection(loadContext(settings.KUBE_CONTEXT));
  }
  const {
    CLUSTER_NAME: name,
    CLUSTER_ENDPOINT: endpoint,
    CLUSTER_CERTIFICATE_AUTHORITY: certificateAuthority,
  } = settings;
  if (name === undefined || endpoint === undefined || certificateAuthority === undefined) {
    throw new Error('the settings name no cluster');
  }
  // Any client has the function's region and credentials, and renews them.
  return new EksConnection({ name, endpoint, certificateAuthority }, new DynamoDBClient().config);
}
