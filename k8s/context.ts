import { homedir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { causeOf, ClusterFailure } from './failure.ts';

/**
 * The one cluster that the user named, from the kubeconfig file, else from KUBECONFIG or ~/.kube/config as kubectl does.
 * The current context is never used: it is whatever was looked at last.
 * @throws ClusterFailure when the file cannot be read or has no such context; it lists those there are.
 */
export function loadContext(context: string, kubeconfig?: string): KubeConfig {
  const config = new KubeConfig();
  try {
    // Without any file loadFromDefault would make up a context of its own.
    if (kubeconfig === undefined && process.env['KUBECONFIG']) config.loadFromDefault();
    else config.loadFromFile(kubeconfig ?? join(homedir(), '.kube', 'config'));
  } catch (error) {
    throw new ClusterFailure(`the kubeconfig cannot be read: ${causeOf(error)}`, { cause: error });
  }
  if (config.getContextObject(context) === null) {
    const names = config.getContexts().map(({ name }) => name);
    throw new ClusterFailure(
      `there is no context ${context}; ${names.length === 0 ? 'the kubeconfig has none' : `there are: ${names.join(', ')}`}`,
    );
  }
  config.setCurrentContext(context);
  if (config.getCurrentCluster() === null) {
    throw new ClusterFailure(`context ${context} names a cluster that the kubeconfig does not have`);
  }
  return config;
}
