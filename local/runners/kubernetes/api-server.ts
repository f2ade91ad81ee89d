import { STATUS_CODES } from 'node:http';
import type { KubeConfig } from '@kubernetes/client-node';
import pLimit from 'p-limit';
import { type ApiRequest, ask, parsed } from '../../../k8s/connection.ts';
import { KubeConfigConnection } from '../../../k8s/kubeconfig-connection.ts';
import type { ClusterAnswer } from '../../aws/step-functions/integrations/job-runner.ts';

/** How many requests are under way at once; the others wait. */
const requestsAtOnce = 16;

/** Requests to the API server as eks:runJob makes them: each once, and every answer is one, refusals too. */
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
   * @throws ClusterFailure when there was no answer: whether the request was carried out is unknown.
   */
  async request(method: ApiRequest['method'], path: string, body?: object): Promise<ClusterAnswer> {
    const { status, text } = await this.#limit(() =>
      ask(this.#connection, { method, path, ...(body && { body }) }),
    );
    return { statusCode: status, statusText: STATUS_CODES[status] ?? '', body: parsed(text) };
  }
}
