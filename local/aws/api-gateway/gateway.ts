import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import FindMyWay from 'find-my-way';
import * as z from 'zod';
import { scopesFor } from '../../../api/scopes.ts';
import type { Authorizer } from './authorizer.ts';
import type { Functions } from '../lambda/functions.ts';
import { bodyOf, eventOf, headersOf, TooLarge } from './request-event.ts';
import type { FunctionDefinition } from '../../service-definition.ts';

const Answer = z.object({
  statusCode: z.number().default(200),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  cookies: z.array(z.string()).default([]),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

/**
 * An HTTP API of API Gateway on one machine: routes to functions with payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 * @param health answers `GET /health`, which is no route of the deployed API and open: whether the parts of this service live.
 * @param authorizer stands before every route; without it all are open.
 */
export function createGateway(
  definitions: readonly FunctionDefinition[],
  functions: Functions,
  health: () => Promise<void>,
  authorizer?: Authorizer,
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
      const route: Route = {
        routeKey,
        invoke: (event) => functions.invoke(name, event),
        authorize: authorizer && ((header) => authorizer(header, scopesFor(method))),
      };
      router.on(method, path.replaceAll(/\{(\w+)\}/g, ':$1'), (request, response, parameters) => {
        void serve(request, response, route, parameters);
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

interface Route {
  routeKey: string;
  invoke: (event: APIGatewayProxyEventV2) => ReturnType<Functions['invoke']>;
  authorize: ((header: string | undefined) => ReturnType<Authorizer>) | undefined;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { routeKey, invoke, authorize }: Route,
  parameters: Record<string, string | undefined>,
): Promise<void> {
  const requestId = randomUUID();
  response.setHeader('apigw-requestid', requestId);
  try {
    const headers = headersOf(request);
    const caller = await authorize?.(headers['authorization']);
    if (caller && 'statusCode' in caller) {
      response.setHeader('www-authenticate', caller.challenge);
      answer(response, caller.statusCode, { message: caller.message });
      return;
    }
    const event = eventOf(
      request,
      { requestId, routeKey, headers, parameters, caller },
      await bodyOf(request),
    );
    const invocation = await invoke(event);
    if ('functionError' in invocation) {
      console.error(`eks-jobs: ${routeKey} failed: ${JSON.stringify(invocation.payload)}`);
      answer(response, 500, { message: 'Internal Server Error' });
      return;
    }
    const { statusCode, cookies, body, isBase64Encoded, ...answered } = Answer.parse(invocation.payload);
    for (const [name, value] of Object.entries(answered.headers)) response.setHeader(name, String(value));
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

function answer(response: ServerResponse, statusCode: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(statusCode, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
