import { STATUS_CODES } from 'node:http';
import type { KubeConfig } from '@kubernetes/client-node';
import pLimit from 'p-limit';
import { type ApiRequest, ask, parsed } from '../../../k8s/connection.ts';
import { KubeConfigConnection } from '../../../k8s/kubeconfig-connection.ts';
import type { ClusterResponse } from '../../aws/step-functions/integrations/job-runner.ts';

/** How many requests are under way at once; the others wait. */
const requestsAtOnce = 16;

/** Sends requests to the API server as eks:runJob does: each once; an error status is a response, not an exception. */
export class ApiServer {
  readonly #connection: KubeConfigConnection;
  readonly #limit = pLimit(requestsAtOnce);

  constructor(config: KubeConfig) {
    this.#connection = new KubeConfigConnection(config);
  }

  get config(): KubeConfig {
    return this.#connection.config;
  }

  /** Where it answers. */
  get url(): string {
    return this.#connection.server;
  }

  /**
   * Sends a request.
   * @param path from the root, with its query.
   * @throws ClusterFailure without a response: whether the request was carried out is unknown.
   */
  async request(method: ApiRequest['method'], path: string, body?: object): Promise<ClusterResponse> {
    const { status, text } = await this.#limit(() =>
      ask(this.#connection, { method, path, ...(body && { body }) }),
    );
    return { statusCode: status, statusText: STATUS_CODES[status] ?? '', body: parsed(text) };
  }
}
