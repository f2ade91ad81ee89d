import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { LocalFailure } from '../../failure.ts';

/**
 * Opens the context that the user named; there is no default, so that no cluster is touched by accident.
 * @param file the kubeconfig, instead of kubectl's own.
 * @throws LocalFailure when there is no kubeconfig, or no such context in it: then it names those there are.
 */
export function openContext(context: string, file?: string): KubeConfig {
  const config = new KubeConfig();
  const source = file ?? process.env['KUBECONFIG'] ?? join(homedir(), '.kube', 'config');
  try {
    if (file !== undefined) config.loadFromFile(file);
    // Without any kubeconfig the library would turn to the cluster around it, or to localhost.
    else if (process.env['KUBECONFIG'] || existsSync(source)) config.loadFromDefault();
    else throw new Error('there is none');
  } catch (error) {
    throw new LocalFailure(`the kubeconfig ${source} cannot be read: ${String(error)}`);
  }
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) {
    const there = known.length > 0 ? `it has ${known.join(', ')}` : 'it has none';
    throw new LocalFailure(`the kubeconfig ${source} has no context ${context}; ${there}`);
  }
  config.setCurrentContext(context);
  if (!config.getCurrentCluster()) {
    throw new LocalFailure(`the context ${context} of ${source} names a cluster that is not there`);
  }
  return config;
}
