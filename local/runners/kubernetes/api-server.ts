import { STATUS_CODES } from 'node:http';
import { HttpMethod, type KubeConfig } from '@kubernetes/client-node';
import pLimit from 'p-limit';
import { Connection, parsed } from '../../../k8s/connection.ts';
import type { ClusterAnswer } from '../job-runner.ts';

/** How many requests are under way at once; the others wait. */
const requestsAtOnce = 16;

/** Requests to the API server as eks:runJob makes them: each once, and every answer is one, refusals too. */
export class ApiServer {
  readonly #connection: Connection;
  readonly #limit = pLimit(requestsAtOnce);

  constructor(config: KubeConfig) {
    this.#connection = new Connection(config);
  }

  get config(): KubeConfig {
    return this.#connection.config;
  }

  /** Where it answers. */
  get url(): string {
    return this.#connection.url;
  }

  /**
   * Sends a request.
   * @param path from the root, with its query.
   * @throws ClusterFailure when there was no answer: whether the request was carried out is unknown.
   */
  async request(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<ClusterAnswer> {
    const { status, text } = await this.#limit(() =>
      this.#connection.send({ method: HttpMethod[method], path, ...(body && { body }) }),
    );
    return { statusCode: status, statusText: STATUS_CODES[status] ?? '', body: parsed(text) };
  }
}
