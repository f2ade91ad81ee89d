import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import * as z from 'zod';
import { TaskFailure } from '../errors.ts';
import type { Integration, Task } from '../integration.ts';
import { type Json, jsonText, parseJson } from '../json.ts';

const callResource = 'arn:aws:states:::eks:call';

const Arguments = z.strictObject({
  ClusterName: z.string(),
  CertificateAuthority: z.base64(),
  Endpoint: z.url({ protocol: /^https$/ }),
  Method: z.enum(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']),
  Path: z.string().startsWith('/'),
  QueryParameters: z.record(z.string(), z.array(z.string())).default({}),
  RequestBody: z.json().optional(),
});

/** One request to a cluster's API server. */
export interface EksCallRequest {
  method: string;
  url: URL;
  /** The one authority that may have signed the server's certificate, as PEM text. */
  certificateAuthority: string;
  body: string | undefined;
  signal: AbortSignal;
}
export interface EksCallResponse {
  status: number;
  statusText: string;
  body: string;
}

/** Calls a cluster's API server. Rejects when it does not respond. */
export type CallKubernetes = (request: EksCallRequest) => Promise<EksCallResponse>;

/** Runs eks:call (developer guide, "Create and manage Amazon EKS clusters with Step Functions"). */
export class EksCallIntegration implements Integration {
  readonly #call: CallKubernetes;

  constructor(call: CallKubernetes) {
    this.#call = call;
  }

  supports(resource: string): boolean {
    return resource === callResource;
  }

  async run(task: Task): Promise<Json> {
    const parsed = Arguments.safeParse(task.arguments);
    if (!parsed.success) throw new TaskFailure('States.Runtime', z.prettifyError(parsed.error));
    const { Method: method, Endpoint, Path, QueryParameters, RequestBody } = parsed.data;
    const url = new URL(Endpoint);
    // Set, not resolved: a path cannot lead to another server.
    url.pathname = Path;
    for (const [name, values] of Object.entries(QueryParameters)) {
      for (const value of values) url.searchParams.append(name, value);
    }
    const { status, statusText, body } = await this.#call({
      method,
      url,
      certificateAuthority: Buffer.from(parsed.data.CertificateAuthority, 'base64').toString(),
      body: RequestBody === undefined ? undefined : jsonText(RequestBody),
      signal: task.signal,
    });
    const response = { ResponseBody: parseBody(body), StatusCode: status, StatusText: statusText };
    if (status < 200 || status > 299) throw new TaskFailure(`EKS.${status}`, jsonText(response));
    return response;
  }
}

/** Parses a body; text that is not JSON, such as a log, stays text. */
function parseBody(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** How long to wait for an API server that sends nothing (milliseconds). */
const idleTimeout = 60_000;
/** The longest response in bytes: far more than a state may have as its payload, which is checked there. */
const responseLimit = 1024 * 1024;

/** Makes calls by HTTPS, with these headers for authorization. Redirections are not followed. */
export function overHttps(headers: Readonly<Record<string, string>> = {}): CallKubernetes {
  return async ({ method, url, certificateAuthority, body, signal }) => {
    const call = request(url, {
      method,
      ca: certificateAuthority,
      signal,
      timeout: idleTimeout,
      // A PATCH needs another type; which one AWS sends is not documented.
      headers: {
        ...headers,
        accept: 'application/json, */*',
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      },
    });
    call.on('timeout', () => call.destroy(new Error(`${url.host} did not respond`)));
    return await new Promise<EksCallResponse>((resolve, reject) => {
      call.on('error', reject);
      call.on('response', (response) => {
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > responseLimit)
            response.destroy(new Error(`${url.host} sent more than ${responseLimit} bytes`));
        });
        const { statusCode: status = 0, statusMessage: statusText = '' } = response;
        buffer(response).then((bytes) => {
          resolve({ status, statusText, body: bytes.toString('utf8') });
        }, reject);
      });
      call.end(body);
    });
  };
}
