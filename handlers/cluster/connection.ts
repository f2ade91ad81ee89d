import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KubeConfig } from '@kubernetes/client-node';
import type { Settings } from '../../jobs/settings.ts';
import { loadContext } from '../../k8s/context.ts';
import { clusterToken } from './token.ts';

/** Which of the client's users gets an EKS token. */
const userName = 'settle-job';

/**
 * The cluster that the settings name: a context of this machine's kubeconfig, or an EKS cluster, entered as the function's own role.
 * @throws ClusterFailure when there is no such context; Error when no cluster is named.
 */
export function connect(settings: Settings): KubeConfig {
  if (settings.KUBE_CONTEXT !== undefined) return loadContext(settings.KUBE_CONTEXT);
  const { CLUSTER_NAME: name, CLUSTER_ENDPOINT: server, CLUSTER_CERTIFICATE_AUTHORITY: caData } = settings;
  if (name === undefined || server === undefined || caData === undefined) {
    throw new Error('the settings name no cluster');
  }
  const config = new KubeConfig();
  // Any client has the function's region and credentials, and renews them.
  const signer = new DynamoDBClient().config;
  config.addAuthenticator({
    isAuthProvider: (user) => user.name === userName,
    // A token is a signature, made without a call: one for each request never expires.
    applyAuthentication: async (_user, options) => {
      const token = await clusterToken(name, signer);
      Object.assign(options, { headers: { Authorization: `Bearer ${token}` } });
    },
  });
  config.loadFromClusterAndUser({ name, server, caData, skipTLSVerify: false }, { name: userName });
  return config;
}
