import { parseExactly } from '../../lib/exact-json.ts';
import { describeError } from '../../lib/describe-error.ts';
import { NotTheApi, Unreachable } from '../failure.ts';
import { authorize, type Authorization } from './authorization.ts';
import { refusalOf } from './refusal.ts';
import { readRetryAfter } from './retries.ts';

/** A request to one of the API's routes. */
export interface ApiRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Its parts; each is encoded. */
  path: readonly string[];
  query?: readonly (readonly [string, string])[];
  body?: string;
  idempotencyKey?: string;
}

export interface Reply {
  /** As it came. */
  text: string;
  body: Record<string, unknown>;
}

/** Where the API is, and as whom to ask. */
export interface Connection {
  url: URL;
  authorization: Authorization;
}

/** An HTTP API answers within 30 seconds, or with 503; in milliseconds. */
const longestAnswer = 40_000;

/** An HTTP API passes on no more, in bytes. */
const largestAnswer = 10 * 1024 * 1024;

/**
 * One request, one answer.
 * @throws Unreachable when nobody answers, NotTheApi when somebody else does, ApiRefusal, or what the signal was aborted with.
 */
export async function exchange(
  request: ApiRequest,
  { url: base, authorization }: Connection,
  signal: AbortSignal,
): Promise<Reply> {
  const { method, body } = request;
  const url = urlOf(request, base);
  const headers = await authorize({ method, url, headers: headersOf(request), body }, authorization);
  const { response, text } = await send(
    url,
    { method, headers, ...(body !== undefined && { body }) },
    signal,
  );
  const { status } = response;
  const json = jsonObjectOf(text);
  if (response.ok && json !== undefined) return { text, body: json };
  const refusal = refusalOf(
    {
      status,
      text,
      gatewayRequestId: response.headers.get('apigw-requestid'),
      challenge: response.headers.get('www-authenticate'),
      retryAfter: readRetryAfter(response.headers.get('retry-after'), Date.now()),
    },
    authorization.kind,
  );
  const other = new NotTheApi(
    `${url.origin} is no eks-jobs API: it answered ${status} to ${method} ${url.pathname}`,
  );
  throw response.ok ? other : (refusal ?? other);
}

function urlOf({ path, query = [] }: ApiRequest, base: URL): URL {
  const url = new URL(base);
  url.pathname = [base.pathname.replace(/\/+$/, ''), ...path.map(encodeURIComponent)].join('/');
  for (const [name, value] of query) url.searchParams.append(name, value);
  // A signature is over %20, where the form's encoding has a plus.
  url.search = url.search.replaceAll('+', '%20');
  return url;
}

const headersOf = ({ body, idempotencyKey }: ApiRequest): Record<string, string> => ({
  accept: 'application/json',
  ...(body !== undefined && { 'content-type': 'application/json' }),
  ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
});

async function send(
  url: URL,
  init: RequestInit,
  signal: AbortSignal,
): Promise<{ response: Response; text: string }> {
  try {
    const timeout = AbortSignal.timeout(longestAnswer);
    // The API redirects nobody: another's address gets no credentials.
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    });
    return { response, text: await textOf(response) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof NotTheApi) throw error;
    const hints =
      url.hostname === '127.0.0.1' || url.hostname === 'localhost'
        ? ['Is it running? `npm start` runs it on this machine; --api or EKS_JOBS_API name another.']
        : ['Look at --api and EKS_JOBS_API, and at the way there: network, proxy, firewall.'];
    throw new Unreachable(`${url.origin} cannot be reached: ${describeError(error)}`, hints, error);
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > largestAnswer) {
      throw new NotTheApi(`${response.url} is no eks-jobs API: it answers more than ${largestAnswer} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Numbers of a result keep every digit. */
function jsonObjectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value = parseExactly(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
