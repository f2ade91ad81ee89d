/**
 * Stands for @kubernetes/client-node in the bundles (serverless.yml, `alias`): it reads kubeconfigs, and a function in Lambda has none.
 * @throws Error always.
 */
export function KubeConfig(): never {
  throw new Error('KUBE_CONTEXT names a context of a kubeconfig; a function in Lambda has none');
}

export const HttpMethod = {};
