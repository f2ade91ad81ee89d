import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import * as z from 'zod';
import { invalid, SchedulerError } from '../errors.ts';
import type { Scheduler } from '../scheduler.ts';
import { type Fields, operations } from './operations.ts';

/** A target's Input is at most 256 KB; escaped, and with the rest, a request stays well below this. */
const requestLimit = 1024 * 1024;

/** The wire API of EventBridge Scheduler, REST JSON: /schedules and /schedule-groups. Signatures are not looked at. */
export function serve(service: Scheduler): RequestListener {
  return (request, response) => {
    respond(service, request, response).catch((error: unknown) => {
      // Only a connection that is gone ends here.
      response.destroy(error instanceof Error ? error : undefined);
    });
  };
}

async function respond(
  service: Scheduler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  const headers = { 'content-type': 'application/json', 'x-amzn-requestid': requestId };
  try {
    const body = await read(request);
    const { operation, labels } = find(request);
    const answer = operation(service, { ...parse(body), ...labels });
    response.writeHead(200, headers).end(JSON.stringify(answer));
  } catch (error) {
    const { type, status, message } = failureOf(error, requestId);
    response
      .writeHead(status, { ...headers, 'x-amzn-errortype': type })
      .end(JSON.stringify({ Message: message }));
  }
}

/** The operation of a path, and what path and query say. */
function find(request: IncomingMessage) {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [, collection = '', name] = /^\/([a-z-]+)(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
  const key = `${request.method ?? ''} /${collection}${name === undefined ? '' : '/{Name}'}`;
  const operation = Object.hasOwn(operations, key) ? operations[key] : undefined;
  if (!operation) throw invalid(`There is no operation ${request.method ?? ''} ${url.pathname} here.`);
  return {
    operation,
    labels: { ...Object.fromEntries(url.searchParams), ...(name !== undefined && { Name: decode(name) }) },
  };
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw invalid('The name is no URL text.');
  }
}

/** Reads the body; one that is too long is read on, so that the client hears the answer, but not kept. */
async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= requestLimit) chunks.push(chunk);
  }
  if (size > requestLimit) throw invalid('The request is larger than 1 MiB.');
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): Fields {
  if (text === '') return {};
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    throw invalid('The request body is no JSON object.');
  }
}

function failureOf(error: unknown, requestId: string): Pick<SchedulerError, 'type' | 'status' | 'message'> {
  if (error instanceof SchedulerError) return error;
  console.error(`scheduler: request ${requestId} failed`, error);
  return new SchedulerError('InternalServerException', `Internal failure, request ${requestId}`);
}
