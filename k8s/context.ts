import { homedir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { ClusterFailure } from './failure.ts';
import { describeError } from '../lib/describe-error.ts';

/**
 * The one cluster that the user named, from the kubeconfig file, else from KUBECONFIG or ~/.kube/config as kubectl does.
 * The current context is never used: it is whatever was looked at last.
 * @throws ClusterFailure when the file cannot be read or has no such context; it lists those there are.
 */
export function loadContext(context: string, kubeconfig?: string): KubeConfig {
  const config = new KubeConfig();
  let source = kubeconfig ?? join(homedir(), '.kube', 'config');
  try {
    // KUBECONFIG may name several files. Without any file loadFromDefault would make up a context of its own.
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
    const there = names.length === 0 ? 'none' : names.join(', ');
    throw new ClusterFailure(`the kubeconfig ${source} has no context ${context}; it has ${there}`);
  }
  config.setCurrentContext(context);
  if (config.getCurrentCluster() === null) {
    throw new ClusterFailure(`the context ${context} of ${source} names a cluster that is not there`);
  }
  return config;
}
