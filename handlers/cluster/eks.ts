import { KubeConfig } from '@kubernetes/client-node';
import { clusterToken, type Signer } from './token.ts';

/** What is needed to speak to an EKS cluster's API server. */
export interface EksCluster {
  name: string;
  /** The API server's address. */
  endpoint: string;
  /** PEM in base64, as EKS gives it. */
  certificateAuthority: string;
}

/** Which of the client's users gets an EKS token. */
const userName = 'function';

/** A client's configuration that enters the cluster as whoever the signer's credentials belong to. */
export function configFor({ name, endpoint, certificateAuthority }: EksCluster, signer: Signer): KubeConfig {
  const config = new KubeConfig();
  config.addAuthenticator({
    isAuthProvider: (user) => user.name === userName,
    // A token is a signature, made without a call: one for each request never expires.
    applyAuthentication: async (_user, options) => {
      const token = await clusterToken(name, signer);
      Object.assign(options, { headers: { Authorization: `Bearer ${token}` } });
    },
  });
  config.loadFromClusterAndUser(
    { name, server: endpoint, caData: certificateAuthority, skipTLSVerify: false },
    { name: userName },
  );
  return config;
}
