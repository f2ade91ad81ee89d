import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import FindMyWay from 'find-my-way';
import * as z from 'zod';
import type { Functions } from './functions.ts';
import type { FunctionDefinition } from './service-definition.ts';

/**
 * An HTTP API of API Gateway on one machine: routes to functions with payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
const largestBody = 10 * 1024 * 1024;

/** Bodies of these types reach a function as text, all others in base64. */
const text = /^(text\/|application\/(json|xml|javascript)\b|[^;]+\+(json|xml)\b)/i;

const Answer = z.object({
  statusCode: z.number().default(200),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  cookies: z.array(z.string()).default([]),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

class TooLarge extends Error {}

/** @param health answers `GET /health`, which is no route of the deployed API: whether the parts of this service live. */
export function createGateway(
  definitions: readonly FunctionDefinition[],
  functions: Functions,
  health: () => Promise<void>,
): Server {
  const router = FindMyWay({
    ignoreTrailingSlash: false,
    defaultRoute: (_request, response) => {
      answer(response, 404, { message: 'Not Found' });
    },
  });
  for (const { name, routes } of definitions) {
    for (const routeKey of routes) {
      const [method, path] = z.tuple([Method, z.string()]).parse(routeKey.split(' '));
      router.on(method, path.replaceAll(/\{(\w+)\}/g, ':$1'), (request, response, parameters) => {
        void serve(request, response, routeKey, parameters, (event) => functions.invoke(name, event));
      });
    }
  }
  router.on('GET', '/health', (_request, response) => {
    health().then(
      () => {
        answer(response, 200, { status: 'ok' });
      },
      (error: unknown) => {
        answer(response, 503, {
          status: 'unavailable',
          message: error instanceof Error ? error.message : '',
        });
      },
    );
  });
  return createServer((request, response) => {
    router.lookup(request, response);
  });
}

const Method = z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  routeKey: string,
  parameters: Record<string, string | undefined>,
  invoke: (event: APIGatewayProxyEventV2) => ReturnType<Functions['invoke']>,
): Promise<void> {
  try {
    const event = eventOf(request, await bodyOf(request), routeKey, parameters);
    response.setHeader('apigw-requestid', event.requestContext.requestId);
    const invocation = await invoke(event);
    if ('functionError' in invocation) {
      console.error(`eks-jobs: ${routeKey} failed: ${JSON.stringify(invocation.payload)}`);
      answer(response, 500, { message: 'Internal Server Error' });
      return;
    }
    const { statusCode, headers, cookies, body, isBase64Encoded } = Answer.parse(invocation.payload);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
    if (cookies.length > 0) response.setHeader('set-cookie', cookies);
    const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
    response.writeHead(statusCode, { 'content-length': bytes.length }).end(bytes);
  } catch (error) {
    if (error instanceof TooLarge) {
      // The rest of the body is not read: the connection cannot be used again.
      response.setHeader('connection', 'close');
      answer(response, 413, { message: 'Request Entity Too Large' });
      return;
    }
    if (request.errored) return;
    console.error(`eks-jobs: ${routeKey} failed:`, error);
    answer(response, 500, { message: 'Internal Server Error' });
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) throw new TooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function eventOf(
  request: IncomingMessage,
  body: Buffer,
  routeKey: string,
  parameters: Record<string, string | undefined>,
): APIGatewayProxyEventV2 {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const headers = Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values]) => [name, (values ?? []).join(',')]),
  );
  const query = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    const before = query.get(name);
    query.set(name, before === undefined ? value : `${before},${value}`);
  }
  const asText = text.test(headers['content-type'] ?? '');
  const now = new Date();
  return {
    version: '2.0',
    routeKey,
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers,
    ...(query.size > 0 && { queryStringParameters: Object.fromEntries(query) }),
    ...(Object.keys(parameters).length > 0 && { pathParameters: parameters }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: headers['host'] ?? '127.0.0.1',
      domainPrefix: 'local',
      http: {
        method: request.method ?? 'GET',
        path: url.pathname,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: now.toUTCString(),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(asText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !asText,
  };
}

function answer(response: ServerResponse, statusCode: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(statusCode, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
