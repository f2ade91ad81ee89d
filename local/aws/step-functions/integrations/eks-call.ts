import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import * as z from 'zod';
import { TaskFailure } from '../errors.ts';
import type { Integration, Task } from '../integration.ts';
import type { Json } from '../json.ts';
import { jsonText, parseJson } from '../json.ts';

const CALL = 'arn:aws:states:::eks:call';

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
export interface KubernetesRequest {
  method: string;
  url: URL;
  /** The one authority that may have signed the server's certificate, as PEM text. */
  certificateAuthority: string;
  body: string | undefined;
  signal: AbortSignal;
}
export interface KubernetesResponse {
  status: number;
  statusText: string;
  body: string;
}

/** Reaches a cluster's API server. Rejects when there was no answer. */
export type CallKubernetes = (request: KubernetesRequest) => Promise<KubernetesResponse>;

/** eks:call (developer guide, "Create and manage Amazon EKS clusters with Step Functions"). */
export class EksCallIntegration implements Integration {
  readonly #call: CallKubernetes;

  constructor(call: CallKubernetes) {
    this.#call = call;
  }

  supports(resource: string): boolean {
    return resource === CALL;
  }

  async run(task: Task): Promise<Json> {
    const parsed = Arguments.safeParse(task.arguments);
    if (!parsed.success) throw new TaskFailure('States.Runtime', z.prettifyError(parsed.error));
    const { Method: method, Endpoint, Path, QueryParameters, RequestBody } = parsed.data;
    const url = new URL(Endpoint);
    // Set, not resolved: no path can lead to another server.
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
    const response = { ResponseBody: asJson(body), StatusCode: status, StatusText: statusText };
    if (status < 200 || status > 299) throw new TaskFailure(`EKS.${status}`, jsonText(response));
    return response;
  }
}

/** Logs and the like are no JSON. */
function asJson(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** An API server that says nothing for so long is not there (milliseconds). */
const PATIENCE = 60_000;
/** Well above the payload a state may have; what is longer is refused there, if it arrives at all. */
const LONGEST = 1024 * 1024;

/** By HTTPS, with whatever headers authorize: none unless given. Follows no redirection. */
export function overHttps(headers: Readonly<Record<string, string>> = {}): CallKubernetes {
  return async ({ method, url, certificateAuthority, body, signal }) => {
    const call = request(url, {
      method,
      ca: certificateAuthority,
      signal,
      timeout: PATIENCE,
      // A PATCH needs a type of its own; which one AWS sends is not documented.
      headers: {
        ...headers,
        accept: 'application/json, */*',
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      },
    });
    call.on('timeout', () => call.destroy(new Error(`${url.host} did not answer`)));
    const answer = await new Promise<KubernetesResponse>((resolve, reject) => {
      call.on('error', reject);
      call.on('response', (response) => {
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > LONGEST) response.destroy(new Error(`${url.host} answered more than ${LONGEST} bytes`));
        });
        const { statusCode: status = 0, statusMessage: statusText = '' } = response;
        buffer(response).then((bytes) => {
          resolve({ status, statusText, body: bytes.toString('utf8') });
        }, reject);
      });
      call.end(body);
    });
    return answer;
  };
}
