import type { KubeConfig } from '@kubernetes/client-node';
import pLimit from 'p-limit';
import { ApiServer } from '../../../k8s/api-server.ts';
import { KubeConfigConnection } from '../../../k8s/kubeconfig-connection.ts';

/** How many requests are under way at once; the others wait. */
const requestsAtOnce = 16;

/** The API server of a kubeconfig's context. */
export type ContextApiServer = ApiServer<KubeConfigConnection>;

/** Opens the API server of the current context for the job runner. */
export const openApiServer = (config: KubeConfig): ContextApiServer =>
  new ApiServer(new KubeConfigConnection(config), { limit: pLimit(requestsAtOnce) });
