import { homedir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { ClusterFailure } from './failure.ts';
import { describeError } from '../lib/describe-error.ts';

/**
 * Loads the context that the user named from the kubeconfig file, else from KUBECONFIG or ~/.kube/config as kubectl does.
 * The current context is never used: it is only the one that kubectl used last.
 * @throws ClusterFailure when the file cannot be read or lacks the context; the message lists its contexts.
 */
export function loadContext(context: string, kubeconfig?: string): KubeConfig {
  const config = new KubeConfig();
  let source = kubeconfig ?? join(homedir(), '.kube', 'config');
  try {
    // KUBECONFIG may name several files. Without any file loadFromDefault would invent a context.
    if (kubeconfig === undefined && process.env['KUBECONFIG']) {
      source = process.env['KUBECONFIG'];
      config.loadFromDefault();
    } else config.loadFromFile(source);
  } catch (error) {
    throw new ClusterFailure(`the kubeconfig ${source} cannot be read: ${describeError(error)}`, {
      cause: error,
    });
  }
  if (config.getContextObject(context) === null) {
    const names = config.getContexts().map(({ name }) => name);
    const available = names.length === 0 ? 'none' : names.join(', ');
    throw new ClusterFailure(
      `the kubeconfig ${source} does not have the context ${context}; it has ${available}`,
    );
  }
  config.setCurrentContext(context);
  if (config.getCurrentCluster() === null) {
    throw new ClusterFailure(`the context ${context} of ${source} names a cluster that is not in the file`);
  }
  return config;
}
