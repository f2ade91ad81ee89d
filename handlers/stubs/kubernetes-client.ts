/**
 * Replaces @kubernetes/client-node in the bundles (serverless.yml, `alias`). It reads kubeconfigs, and a function in Lambda has none.
 * @throws Error always.
 */
export function KubeConfig(): never {
  throw new Error('KUBE_CONTEXT names a context of a kubeconfig; a function in Lambda has none');
}

// The other imports of k8s/kubeconfig-connection.ts are never used without a kubeconfig.
export { KubeConfig as createConfiguration, KubeConfig as RequestContext };
export const HttpMethod = {};
