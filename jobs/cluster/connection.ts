import type { Settings } from '../settings.ts';
import type { ClusterConnection } from '../../k8s/connection.ts';
import { loadContext } from '../../k8s/context.ts';
import { KubeConfigConnection } from '../../k8s/kubeconfig-connection.ts';
import { EksConnection } from '../../k8s/eks-connection.ts';
import { processSigner } from '../../k8s/eks-signer.ts';

/**
 * Connects to the cluster that the settings name: a context of this machine's kubeconfig, or an EKS cluster with the role of the
 * function.
 * @throws ClusterFailure when the context does not exist; Error when the settings do not name a cluster.
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
    throw new Error('the settings do not name a cluster');
  }
  return new EksConnection({ name, endpoint, certificateAuthority }, processSigner());
}
