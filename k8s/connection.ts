import { NoCredentials, Unreachable } from './failure.ts';
import { describeError } from '../lib/describe-error.ts';

/** Longer than any answer takes that is not a watch: milliseconds. */
const answerWithin = 30_000;

/** One HTTP request as it is sent. */
export interface ApiRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From the root, with its query. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}

/** What the server answered, whatever its status. */
export interface ApiAnswer {
  status: number;
  text: string;
}

/** A way to one API server, as whoever its credentials belong to. */
export interface Connection {
  /** Where the server is, for messages. */
  readonly server: string;
  /** Sends it once. @throws NoCredentials when there are none; anything else means that nobody answered. */
  send: (request: ApiRequest) => Promise<ApiAnswer>;
}

/** What is asked of an API server; a body is sent as JSON. */
export interface Question {
  method: ApiRequest['method'];
  /** From the root; its query may be in it. */
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
}

/**
 * Asks once.
 * @param signal ends the waiting for the answer.
 * @throws Unreachable when there was no connection, or no answer within 30 seconds: whether the request was carried out is
 * unknown. NoCredentials when there is nothing to send it with.
 */
export async function ask(
  connection: Connection,
  { method, path, query, headers, body }: Question,
  signal?: AbortSignal,
): Promise<ApiAnswer> {
  const timeout = AbortSignal.timeout(answerWithin);
  const json = body === undefined ? {} : { 'Content-Type': 'application/json' };
  try {
    return await connection.send({
      method,
      path: query ? `${path}?${new URLSearchParams(query).toString()}` : path,
      headers: { Accept: 'application/json', ...json, ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (error instanceof NoCredentials) throw error;
    const message = `the API server ${connection.server} does not answer: ${describeError(error)}`;
    throw new Unreachable(message, { cause: error });
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
