import {
  createConfiguration,
  type HttpMethod,
  type KubeConfig,
  RequestContext,
} from '@kubernetes/client-node';
import { causeOf, ClusterFailure, Unreachable } from './failure.ts';

/** Longer than any answer takes that is not a watch: milliseconds. */
const answerWithin = 30_000;

/** How long connections are shared, in milliseconds: a client certificate may be short-lived. */
const connectionsFor = 300_000;

/** One HTTP request; a body is sent as JSON. */
export interface HttpRequest {
  method: HttpMethod;
  /** From the root; its query may be in it. */
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
}

/** What the server answered, whatever its status. */
export interface HttpAnswer {
  status: number;
  text: string;
}

/**
 * Plain HTTP to the API server of a kubeconfig's current context; client-node authenticates. Its own typed clients would drop
 * every field of an object that they do not know, open a connection for each request, and wait for an answer for ever.
 */
export class Connection {
  readonly config: KubeConfig;
  readonly #http = createConfiguration().httpApi;
  #shared: { dispatcher: ReturnType<RequestContext['getDispatcher']>; until: number } | undefined;

  constructor(config: KubeConfig) {
    this.config = config;
  }

  /** Where the server answers. */
  get url(): string {
    return (this.config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '');
  }

  /**
   * Sends a request once.
   * @param signal ends the waiting for its answer.
   * @throws Unreachable when there was no connection, or no answer within 30 seconds: whether the request was carried out is
   * unknown. ClusterFailure when there are no credentials to send it with.
   */
  async send({ method, path, query, headers, body }: HttpRequest, signal?: AbortSignal): Promise<HttpAnswer> {
    const request = new RequestContext(`${this.url}${path}`, method);
    const json = body === undefined ? {} : { 'Content-Type': 'application/json' };
    for (const [name, value] of Object.entries({ Accept: 'application/json', ...json, ...headers })) {
      request.setHeaderParam(name, value);
    }
    for (const [name, value] of Object.entries(query ?? {})) request.setQueryParam(name, value);
    if (body !== undefined) request.setBody(JSON.stringify(body));
    try {
      await this.config.applySecurityAuthentication(request);
    } catch (error) {
      const message = `there are no credentials for the cluster: ${causeOf(error)}`;
      throw new ClusterFailure(message, { cause: error });
    }
    if (!this.#shared || this.#shared.until < Date.now()) {
      this.#shared = { dispatcher: request.getDispatcher(), until: Date.now() + connectionsFor };
    }
    if (this.#shared.dispatcher) request.setDispatcher(this.#shared.dispatcher);
    const timeout = AbortSignal.timeout(answerWithin);
    request.setSignal(signal ? AbortSignal.any([signal, timeout]) : timeout);
    try {
      const answer = await this.#http.send(request).toPromise();
      const text = await answer.body.text();
      if (answer.httpStatusCode === 401) this.#shared = undefined;
      return { status: answer.httpStatusCode, text };
    } catch (error) {
      const message = `the API server ${this.url} does not answer: ${causeOf(error)}`;
      throw new Unreachable(message, { cause: error });
    }
  }
}

/** JSON as it was meant, else the text itself: proxies answer with pages of their own. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
