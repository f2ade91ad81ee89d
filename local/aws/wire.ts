import { randomUUID } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, RequestListener, ServerResponse } from 'node:http';

/** An error of an AWS API, named as the AWS SDKs know it. */
export class AwsError extends Error {
  readonly type: string;
  /** The HTTP status. */
  readonly status: number;

  constructor(type: string, message: string, status = 400) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

/** How one AWS service uses HTTP. */
export interface WireProtocol {
  /** The name of the service in the log of this process. */
  service: string;
  contentType: string;
  /** The error of a body above `bodyLimit`. */
  tooLarge: { type: string; status: number };
  /** The error of a defect in this process. */
  internal: { type: string; status: number };
  /** Performs a request and returns the body of the response. @throws AwsError */
  perform(request: IncomingMessage, body: string): object;
  /** Writes an error as the service does. */
  formatError(error: AwsError): { headers?: OutgoingHttpHeaders; body: object };
}

/**
 * The longest body, in bytes: "1 MB per request" (Step Functions service quotas); EventBridge Scheduler needs much
 * less.
 */
const bodyLimit = 1024 * 1024;

/** Serves an AWS API. Every response has an id. Signatures are not checked. */
export function serveWire(protocol: WireProtocol): RequestListener {
  return (request, response) => {
    respond(protocol, request, response).catch((error: unknown) => {
      // Only a broken connection leads here.
      response.destroy(error instanceof Error ? error : undefined);
    });
  };
}

async function respond(
  protocol: WireProtocol,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  const headers = { 'content-type': protocol.contentType, 'x-amzn-requestid': requestId };
  try {
    const body = protocol.perform(request, await readBody(protocol, request));
    response.writeHead(200, headers).end(JSON.stringify(body));
  } catch (thrown) {
    const error = thrown instanceof AwsError ? thrown : internalError(protocol, thrown, requestId);
    const formatted = protocol.formatError(error);
    response
      .writeHead(error.status, { ...headers, ...formatted.headers })
      .end(JSON.stringify(formatted.body));
  }
}

/** Reads the body. A body that is too long is read to its end, so that the client gets the response, but not kept. */
async function readBody({ tooLarge }: WireProtocol, request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= bodyLimit) chunks.push(chunk);
  }
  if (size > bodyLimit)
    throw new AwsError(tooLarge.type, 'The request is larger than 1 MiB.', tooLarge.status);
  return Buffer.concat(chunks).toString('utf8');
}

function internalError({ service, internal }: WireProtocol, error: unknown, requestId: string): AwsError {
  console.error(`${service}: request ${requestId} failed`, error);
  return new AwsError(internal.type, `Internal failure, request ${requestId}`, internal.status);
}
