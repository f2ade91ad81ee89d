import type { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy, { type MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { errorResponse } from '../../api/errors.ts';
import { checkNoQuery } from '../../api/request.ts';
import { isThrottled } from '../../jobs/aws/throttling.ts';
import { RequestError, TooManyRequests } from '../../jobs/errors.ts';
import { logger } from './logger.ts';

/** The response of a route; the body becomes JSON. */
export interface RouteResponse {
  statusCode: number;
  headers?: Record<string, string>;
  body: unknown;
}

type ApiHandler = (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;

type ApiMiddleware = MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>;

const json = ({ statusCode, headers, body }: RouteResponse): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/**
 * Makes the handler of a route of the HTTP API, with everything that all routes share.
 * @param readsQuery whether the route reads its query; another route rejects every query parameter.
 */
export const api = (
  route: (event: APIGatewayProxyEventV2, context: Context) => Promise<RouteResponse>,
  { readsQuery = false } = {},
): ApiHandler =>
  middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(
    async (event: APIGatewayProxyEventV2, context: Context) => json(await route(event, context)),
  )
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(respondToErrors(logger))
    .use(decodeBody)
    .use(readsQuery ? [] : rejectQuery);

/** Names the path of what a request created, and whether an earlier request with its Idempotency-Key created it. */
export const creationHeaders = (location: string, replayed: boolean): Record<string, string> => ({
  location,
  ...(replayed && { 'idempotency-replayed': 'true' }),
});

/**
 * Makes a response of every error; nothing internal leaves the log. A call that AWS throttled is 429, whichever service and
 * route it belongs to: the caller must wait, and nothing is wrong.
 */
const respondToErrors = (log: Logger): ApiMiddleware => ({
  name: 'respondToErrors',
  onError: (request) => {
    const { requestId } = request.event.requestContext;
    // An error of our own says more than that AWS throttles.
    const error =
      !(request.error instanceof RequestError) && isThrottled(request.error)
        ? new TooManyRequests(
            'AWS limits the rate of these requests; try again in a few seconds.',
            [],
            request.error,
          )
        : request.error;
    if (error instanceof TooManyRequests) {
      log.warn('throttled', { requestId, reason: error.message, error: error.cause });
    } else if (error instanceof RequestError) {
      log.info('request rejected', { requestId, code: error.name, reason: error.message });
    } else {
      log.error('request failed', { requestId, error });
    }
    request.response = json(errorResponse(error, requestId));
  },
});

/**
 * Gives the route the body as the client sent it. An HTTP API encodes a body in base64 unless its content type is text:
 * `curl --data` sends a form type, so JSON arrives encoded.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
const decodeBody: ApiMiddleware = {
  name: 'decodeBody',
  before: ({ event }) => {
    if (!event.isBase64Encoded) return;
    event.body = Buffer.from(event.body ?? '', 'base64').toString('utf8');
    event.isBase64Encoded = false;
  },
};

/** Rejects every query parameter: a caller that sends one expects an effect. */
const rejectQuery: ApiMiddleware = {
  name: 'rejectQuery',
  before: ({ event }) => {
    checkNoQuery(event.queryStringParameters ?? {});
  },
};
