import { STATUS_CODES } from 'node:http';
import { createConfiguration, HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node';
import pLimit from 'p-limit';
import * as z from 'zod';
import type { ClusterAnswer } from '../job-runner.ts';

/** Longer than any answer takes that is not a watch: milliseconds. */
const answerWithin = 30_000;

/** How many requests are under way at once; the others wait. */
const requestsAtOnce = 16;

/** How long connections are shared, in milliseconds: a client certificate may be short-lived. */
const connectionsFor = 300_000;

/** There was no answer: whether the request was carried out is unknown. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * Plain requests to the API server of a kubeconfig's current context. The library's typed clients would drop fields of
 * a Job that they do not know, open a connection for each request, and wait for an answer for ever.
 */
export class ApiServer {
  readonly config: KubeConfig;
  readonly #http = createConfiguration().httpApi;
  readonly #limit = pLimit(requestsAtOnce);
  #connections: { dispatcher: ReturnType<RequestContext['getDispatcher']>; until: number } | undefined;

  constructor(config: KubeConfig) {
    this.config = config;
  }

  /** Where it answers. */
  get url(): string {
    return this.config.getCurrentCluster()?.server ?? '';
  }

  /**
   * Sends a request; every answer is one, refusals too.
   * @param path from the root, with its query.
   * @throws NoAnswer when there was none within 30 seconds, or no connection.
   */
  async request(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<ClusterAnswer> {
    return this.#limit(async () => {
      try {
        return await this.#send(method, path, body);
      } catch (error) {
        throw new NoAnswer(`${this.url} gave no answer: ${reasonOf(error)}`, { cause: error });
      }
    });
  }

  async #send(method: keyof typeof methods, path: string, body: object | undefined): Promise<ClusterAnswer> {
    const request = new RequestContext(`${this.url.replace(/\/+$/, '')}${path}`, methods[method]);
    request.setHeaderParam('Accept', 'application/json');
    if (body) {
      request.setHeaderParam('Content-Type', 'application/json');
      request.setBody(JSON.stringify(body));
    }
    await this.config.applySecurityAuthentication(request);
    if (!this.#connections || this.#connections.until < Date.now()) {
      this.#connections = { dispatcher: request.getDispatcher(), until: Date.now() + connectionsFor };
    }
    if (this.#connections.dispatcher) request.setDispatcher(this.#connections.dispatcher);
    request.setSignal(AbortSignal.timeout(answerWithin));
    const response = await this.#http.send(request).toPromise();
    const statusCode = response.httpStatusCode;
    if (statusCode === 401) this.#connections = undefined;
    return {
      statusCode,
      statusText: STATUS_CODES[statusCode] ?? '',
      body: parse(await response.body.text()),
    };
  }
}

const methods = { GET: HttpMethod.GET, POST: HttpMethod.POST, DELETE: HttpMethod.DELETE };

/** Proxies answer with pages of their own. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const Thrown = z.object({ name: z.string(), message: z.string(), cause: z.unknown() }).partial();

/** Why it failed, in the words of the innermost cause: fetch itself only says that it failed. */
export function reasonOf(error: unknown): string {
  const { name, message, cause } = Thrown.safeParse(error).data ?? {};
  if (typeof cause === 'object' && cause !== null) return reasonOf(cause);
  return [message, name].find(Boolean) ?? String(error);
}
