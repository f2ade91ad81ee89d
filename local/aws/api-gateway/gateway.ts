import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import FindMyWay from 'find-my-way';
import * as z from 'zod';
import type { LambdaInvocation } from '../invocation.ts';
import type { Authorizer } from './authorizer.ts';
import { BodyTooLarge, buildEvent, joinHeaders, readRequestBody } from './request-event.ts';

/** One route of an HTTP API: a route key such as `GET /jobs/{jobId}`, and the function behind it. */
export interface Route {
  routeKey: string;
  /** The scopes of which a token must hold one. */
  scopes: readonly string[];
  invoke: (event: APIGatewayProxyEventV2) => Promise<LambdaInvocation>;
}

const Method = z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** A function's result in payload format 2.0. */
const ProxyResponse = z.object({
  statusCode: z.number().default(200),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  cookies: z.array(z.string()).default([]),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

/**
 * Creates an HTTP API of API Gateway on one machine: it passes requests to functions in payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 * @param health checks the parts of this service for `GET /health`, which is open and is not deployed.
 * @param authorizer checks the caller at every route; without it all routes are open.
 */
export function createGateway(
  routes: readonly Route[],
  health: () => Promise<void>,
  authorizer?: Authorizer,
): Server {
  const router = FindMyWay({
    ignoreTrailingSlash: false,
    defaultRoute: (_request, response) => {
      respond(response, 404, { message: 'Not Found' });
    },
  });
  for (const route of routes) {
    const [method, path] = z.tuple([Method, z.string()]).parse(route.routeKey.split(' '));
    router.on(method, path.replaceAll(/\{(\w+)\}/g, ':$1'), (request, response, parameters) => {
      void serve(request, response, route, authorizer, parameters);
    });
  }
  router.on('GET', '/health', (_request, response) => {
    health().then(
      () => {
        respond(response, 200, { status: 'ok' });
      },
      (error: unknown) => {
        respond(response, 503, {
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

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { routeKey, scopes, invoke }: Route,
  authorizer: Authorizer | undefined,
  parameters: Record<string, string | undefined>,
): Promise<void> {
  const requestId = randomUUID();
  response.setHeader('apigw-requestid', requestId);
  try {
    const headers = joinHeaders(request);
    const caller = await authorizer?.(headers['authorization'], scopes);
    if (caller && 'statusCode' in caller) {
      response.setHeader('www-authenticate', caller.challenge);
      respond(response, caller.statusCode, { message: caller.message });
      return;
    }
    const body = await readRequestBody(request);
    const event = buildEvent(request, { requestId, routeKey, headers, parameters, caller }, body);
    const { functionError, payload } = await invoke(event);
    if (functionError) {
      console.error(`eks-jobs: ${routeKey} failed: ${JSON.stringify(payload)}`);
      respond(response, 500, { message: 'Internal Server Error' });
      return;
    }
    sendProxyResponse(response, ProxyResponse.parse(payload));
  } catch (error) {
    if (error instanceof BodyTooLarge) {
      // The rest of the body is not read: the connection cannot be used again.
      response.setHeader('connection', 'close');
      respond(response, 413, { message: 'Request Entity Too Large' });
      return;
    }
    if (request.errored) return;
    console.error(`eks-jobs: ${routeKey} failed:`, error);
    respond(response, 500, { message: 'Internal Server Error' });
  }
}

function sendProxyResponse(
  response: ServerResponse,
  { statusCode, headers, cookies, body, isBase64Encoded }: z.output<typeof ProxyResponse>,
): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  response.writeHead(statusCode, { 'content-length': bytes.length }).end(bytes);
}

function respond(response: ServerResponse, statusCode: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(statusCode, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
