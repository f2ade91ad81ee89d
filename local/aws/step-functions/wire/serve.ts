import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import * as z from 'zod';
import { ApiError } from '../errors.ts';
import type { StepFunctions } from '../step-functions.ts';
import { operations } from './operations.ts';

/** "1 MB per request" (Step Functions service quotas). */
const REQUEST_LIMIT = 1024 * 1024;

/** The wire API, AWS JSON 1.0: POST with X-Amz-Target AWSStepFunctions.<operation>. Signatures are not looked at. */
export function serve(service: StepFunctions): RequestListener {
  return (request, response) => {
    respond(service, request, response).catch((error: unknown) => {
      // Only a connection that is gone ends here.
      response.destroy(error instanceof Error ? error : undefined);
    });
  };
}

async function respond(
  service: StepFunctions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  let status = 200;
  let body: object;
  try {
    const text = await read(request);
    const name = /^AWSStepFunctions\.(\w+)$/.exec(String(request.headers['x-amz-target']))?.[1] ?? '';
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (operation === undefined)
      throw new ApiError('UnknownOperationException', `Unknown operation: ${name}`);
    body = operation.perform(service, parse(text));
  } catch (error) {
    ({ status, body } = failure(error, requestId));
  }
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': requestId });
  response.end(JSON.stringify(body));
}

/** Reads the body; one that is too long is read on, so that the client hears the answer, but not kept. */
async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= REQUEST_LIMIT) chunks.push(chunk);
  }
  if (size > REQUEST_LIMIT)
    throw new ApiError('RequestEntityTooLargeException', 'The request is larger than 1 MiB.');
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError('SerializationException', 'The request body is not JSON.');
  }
}

function failure(error: unknown, requestId: string): { status: number; body: object } {
  if (error instanceof ApiError) {
    const status = error.type === 'RequestEntityTooLargeException' ? 413 : 400;
    return { status, body: { __type: error.type, message: error.message } };
  }
  if (error instanceof z.ZodError) {
    return { status: 400, body: { __type: 'ValidationException', message: z.prettifyError(error) } };
  }
  console.error(`step functions: request ${requestId} failed`, error);
  return {
    status: 500,
    body: { __type: 'InternalFailure', message: `Internal failure, request ${requestId}` },
  };
}
