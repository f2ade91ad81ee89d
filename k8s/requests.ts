import pRetry from 'p-retry';
import * as z from 'zod';
import type { ApiAnswer, ApiRequest, Connection } from './connection.ts';
import { causeOf, NoCredentials, RequestRefused, Unreachable } from './failure.ts';

/**
 * How long one request may take, in milliseconds, and how often it is repeated when the server could not serve it, after pauses
 * that double from 0.2 s (chance makes them up to twice as long): a server that has answered before restarts, 13 s at least;
 * one that never did is more likely the wrong one.
 */
const patience = { timeout: 30_000, retries: { restarting: 6, unknown: 2 } };

const Status = z.object({ message: z.string() });

/** One HTTP request that may safely be repeated. */
export interface Request {
  method: ApiRequest['method'];
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
  /** What the request is about, for messages. */
  subject: string;
}

/** Requests to one API server. */
export class Requests {
  readonly #connection: Connection;
  readonly #signal: AbortSignal | undefined;
  #hasAnswered = false;

  /** @param signal once aborted, nothing more is sent and every request is rejected with its reason. */
  constructor(connection: Connection, signal?: AbortSignal) {
    this.#connection = connection;
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

  async #once({ method, path, query, headers, body }: Request): Promise<ApiAnswer> {
    const timeout = AbortSignal.timeout(patience.timeout);
    try {
      const answer = await this.#connection.send({
        method,
        path: query ? `${path}?${new URLSearchParams(query).toString()}` : path,
        headers: { Accept: 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: this.#signal ? AbortSignal.any([this.#signal, timeout]) : timeout,
      });
      this.#hasAnswered = true;
      return answer;
    } catch (error) {
      if (error instanceof NoCredentials) throw error;
      const { server } = this.#connection;
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
