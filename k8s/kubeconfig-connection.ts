import { createConfiguration, HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node';
import type { ClusterConnection, KubernetesRequest, KubernetesResponse } from './connection.ts';
import { NoCredentials } from './failure.ts';

/** How long connections are shared, in milliseconds: a client certificate may be short-lived. */
const connectionsFor = 300_000;

/**
 * A connection to the current context of a kubeconfig; client-node finds the credentials. Its typed clients would drop every
 * field of an object that they do not know, open a connection for each request, and wait for a response without a limit.
 */
export class KubeConfigConnection implements ClusterConnection {
  readonly config: KubeConfig;
  readonly #http = createConfiguration().httpApi;
  #shared: { dispatcher: ReturnType<RequestContext['getDispatcher']>; until: number } | undefined;

  constructor(config: KubeConfig) {
    this.config = config;
  }

  get server(): string {
    return (this.config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '');
  }

  async send({ method, path, headers, body, signal }: KubernetesRequest): Promise<KubernetesResponse> {
    const request = new RequestContext(`${this.server}${path}`, HttpMethod[method]);
    for (const [name, value] of Object.entries(headers)) request.setHeaderParam(name, value);
    if (body !== undefined) request.setBody(body);
    request.setSignal(signal);
    try {
      await this.config.applySecurityAuthentication(request);
    } catch (error) {
      throw new NoCredentials(error);
    }
    if (!this.#shared || this.#shared.until < Date.now()) {
      this.#shared = { dispatcher: request.getDispatcher(), until: Date.now() + connectionsFor };
    }
    if (this.#shared.dispatcher) request.setDispatcher(this.#shared.dispatcher);
    const response = await this.#http.send(request).toPromise();
    if (response.httpStatusCode === 401) this.#shared = undefined;
    return { status: response.httpStatusCode, text: await response.body.text() };
  }
}
