/**
 * Stands for @kubernetes/client-node in the bundles (serverless.yml, `alias`): it reads kubeconfigs, and a function in Lambda has none.
 * @throws Error always.
 */
export function KubeConfig(): never {
  throw new Error('KUBE_CONTEXT names a context of a kubeconfig; a function in Lambda has none');
}

// What else k8s/kubeconfig-connection.ts names is never reached without one.
export { KubeConfig as createConfiguration, KubeConfig as RequestContext };
export const HttpMethod = {};
