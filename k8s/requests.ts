import type { Configuration, HttpMethod, KubeConfig } from '@kubernetes/client-node';
import pRetry from 'p-retry';
import * as z from 'zod';
import { causeOf, ClusterFailure, RequestRefused, Unreachable } from './failure.ts';

/**
 * How long one request may take, in milliseconds, and how often it is repeated when the server could not serve it, after pauses
 * that double from 0.2 s (chance makes them up to twice as long): a server that has answered before restarts, 13 s at least;
 * one that never did is more likely the wrong one.
 */
const patience = { timeout: 30_000, retries: { restarting: 6, unknown: 2 } };

const Status = z.object({ message: z.string() });

/** client-node makes its API classes from a Configuration; this takes the Configuration alone. */
class Connection {
  readonly configuration: Configuration;

  constructor(configuration: Configuration) {
    this.configuration = configuration;
  }
}

/** One HTTP request that may safely be repeated. */
export interface Request {
  method: HttpMethod;
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
  /** What the request is about, for messages. */
  subject: string;
}

/** HTTP to one API server; client-node authenticates and sends. */
export class Requests {
  readonly #configuration: Configuration;
  readonly #signal: AbortSignal | undefined;
  #hasAnswered = false;

  /** @param signal once aborted, nothing more is sent and every request is rejected with its reason. */
  constructor(config: KubeConfig, signal?: AbortSignal) {
    this.#configuration = config.makeApiClient(Connection).configuration;
    this.#signal = signal;
  }

  /**
   * Sends it, again while the server is away or overloaded.
   * @returns the JSON of the answer; undefined when its status is one of `accepted`.
   * @throws RequestRefused naming the request's subject, ClusterFailure when nobody answers.
   */
  send(request: Request, accepted: number[] = []): Promise<unknown> {
    return pRetry(
      async () => {
        const { status, text } = await this.#once(request);
        if (accepted.includes(status)) return undefined;
        if (status >= 200 && status < 300) return JSON.parse(text) as unknown;
        throw new RequestRefused(status, `${request.subject}: ${reasonOf(status, text)}`);
      },
      {
        retries: this.#hasAnswered ? patience.retries.restarting : patience.retries.unknown,
        minTimeout: 200,
        randomize: true,
        shouldRetry: ({ error }) => error instanceof Unreachable || isPassing(error),
        ...(this.#signal && { signal: this.#signal }),
      },
    );
  }

  async #once(request: Request): Promise<{ status: number; text: string }> {
    const { baseServer, authMethods, httpApi } = this.#configuration;
    const context = baseServer.makeRequestContext(request.path, request.method);
    const headers = { Accept: 'application/json', ...request.headers };
    for (const [name, value] of Object.entries(headers)) context.setHeaderParam(name, value);
    for (const [name, value] of Object.entries(request.query ?? {})) context.setQueryParam(name, value);
    if (request.body !== undefined) context.setBody(JSON.stringify(request.body));
    const timeout = AbortSignal.timeout(patience.timeout);
    context.setSignal(this.#signal ? AbortSignal.any([this.#signal, timeout]) : timeout);
    const server = new URL(context.getUrl()).origin;
    try {
      await authMethods.default?.applySecurityAuthentication(context);
    } catch (error) {
      throw new ClusterFailure(`there are no credentials for the cluster: ${causeOf(error)}`, {
        cause: error,
      });
    }
    try {
      const answer = await httpApi.send(context).toPromise();
      const text = await answer.body.text();
      this.#hasAnswered = true;
      return { status: answer.httpStatusCode, text };
    } catch (error) {
      throw new Unreachable(`the API server ${server} does not answer: ${causeOf(error)}`, { cause: error });
    }
  }
}

/** Too many requests, and what a starting or overloaded API server says. */
const isPassing = (error: unknown): boolean =>
  error instanceof RequestRefused && [429, 500, 502, 503, 504].includes(error.status);

function reasonOf(status: number, text: string): string {
  const message = Status.safeParse(parsed(text)).data?.message ?? text.slice(0, 500);
  if (status === 401) return 'the cluster does not accept these credentials (401)';
  return `${message} (${status})`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
