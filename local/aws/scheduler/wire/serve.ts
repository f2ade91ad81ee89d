import type { IncomingMessage, RequestListener } from 'node:http';
import * as z from 'zod';
import { serveWire } from '../../wire.ts';
import { invalid } from '../errors.ts';
import type { LocalScheduler } from '../scheduler.ts';
import { type RequestFields, schedulerOperations } from './operations.ts';

/** Serves the wire API of EventBridge Scheduler, REST JSON: /schedules and /schedule-groups. */
export function serveScheduler(service: LocalScheduler): RequestListener {
  return serveWire({
    service: 'scheduler',
    contentType: 'application/json',
    tooLarge: { type: 'ValidationException', status: 400 },
    internal: { type: 'InternalServerException', status: 500 },
    perform: (request, body) => {
      const { operation, labels } = route(request);
      return operation(service, { ...parseBody(body), ...labels });
    },
    formatError: ({ type, message }) => ({
      headers: { 'x-amzn-errortype': type },
      body: { Message: message },
    }),
  });
}

/** Finds the operation of a method and path, and the fields that path and query hold. */
function route(request: IncomingMessage) {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [, collection = '', name] = /^\/([a-z-]+)(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
  const key = `${request.method ?? ''} /${collection}${name === undefined ? '' : '/{Name}'}`;
  const operation = Object.hasOwn(schedulerOperations, key) ? schedulerOperations[key] : undefined;
  if (!operation) throw invalid(`Unknown operation: ${request.method ?? ''} ${url.pathname}`);
  const labels = {
    ...Object.fromEntries(url.searchParams),
    ...(name !== undefined && { Name: decodeName(name) }),
  };
  return { operation, labels };
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw invalid('The name is not URL-encoded text.');
  }
}

function parseBody(text: string): RequestFields {
  if (text === '') return {};
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    throw invalid('The request body is not a JSON object.');
  }
}
