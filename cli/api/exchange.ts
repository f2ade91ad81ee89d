import { describeError } from '../../lib/describe-error.ts';
import { parseExactly } from '../../lib/exact-json.ts';
import { ApiUnreachable, NotTheApi } from '../failure.ts';
import { authenticate, type ApiCredentials } from './credentials.ts';
import { parseRejection } from './rejection.ts';
import { parseRetryAfter } from './retries.ts';

/** A request to one of the API's routes. */
export interface ApiRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** The segments of the path; each is encoded. */
  path: readonly string[];
  query?: readonly (readonly [string, string])[];
  body?: string;
  idempotencyKey?: string;
}

/** A response of the API: its body, and the same as text, unchanged. */
export interface ApiResponse<Body> {
  body: Body;
  text: string;
  /** The header Retry-After in seconds: the API would have waited, but too many requests wait already. */
  retryAfter?: number | undefined;
}

/** The address of the API, and the credentials to send. */
export interface ApiConnection {
  url: URL;
  credentials: ApiCredentials;
}

/** In milliseconds. An HTTP API responds within 30 seconds, or with 503. */
const responseTimeout = 40_000;

/** In bytes. An HTTP API never passes on more. */
const maximumResponseBytes = 10 * 1024 * 1024;

/**
 * Sends one request.
 * @throws ApiUnreachable without a response, NotTheApi for a response of something else, ApiRejection, or what the signal was
 * aborted with.
 */
export async function exchange(
  request: ApiRequest,
  { url: base, credentials }: ApiConnection,
  signal: AbortSignal,
): Promise<ApiResponse<Record<string, unknown>>> {
  const { method, body } = request;
  const url = urlOf(request, base);
  const headers = await authenticate({ method, url, headers: headersOf(request), body }, credentials);
  const { response, text } = await send(
    url,
    { method, headers, ...(body !== undefined && { body }) },
    signal,
  );
  const { status } = response;
  const json = parseObject(text);
  const retryAfter = parseRetryAfter(response.headers.get('retry-after'), Date.now());
  if (response.ok && json !== undefined) return { text, body: json, retryAfter };
  const rejection = parseRejection(
    {
      status,
      text,
      gatewayRequestId: response.headers.get('apigw-requestid'),
      challenge: response.headers.get('www-authenticate'),
      retryAfter,
    },
    credentials.kind,
  );
  const notTheApi = new NotTheApi(
    `${url.origin} does not look like an eks-jobs API: its response to ${method} ${url.pathname} was ${status}`,
  );
  throw response.ok ? notTheApi : (rejection ?? notTheApi);
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
    const timeout = AbortSignal.timeout(responseTimeout);
    // The API never redirects, and credentials must not go to another address.
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    });
    return { response, text: await readText(response) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof NotTheApi) throw error;
    const hints =
      url.hostname === '127.0.0.1' || url.hostname === 'localhost'
        ? ['Is it running? `npm start` runs it on this machine; --api or EKS_JOBS_API selects another.']
        : ['Check --api and EKS_JOBS_API, and the network: proxy, firewall.'];
    throw new ApiUnreachable(`${url.origin} cannot be reached: ${describeError(error)}`, hints, error);
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maximumResponseBytes) {
      throw new NotTheApi(
        `${response.url} does not look like an eks-jobs API: its response is larger than ${maximumResponseBytes} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Parses a JSON object; numbers of a result keep every digit. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = parseExactly(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
