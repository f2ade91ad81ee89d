import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { logger } from './services.ts';
import { decodeBody } from './body.ts';
import { answerErrors } from './errors.ts';
import { refuseQuery } from './query.ts';

/** What a route answers; the body becomes JSON. */
export interface Answer {
  statusCode: number;
  headers?: Record<string, string>;
  body: unknown;
}

export type ApiHandler = (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;

/**
 * A route of the HTTP API: everything that all routes share is here.
 * @param readsQuery the route reads its query; what there is in that of others is refused.
 */
export const api = (
  route: (event: APIGatewayProxyEventV2) => Promise<Answer>,
  { readsQuery = false } = {},
): ApiHandler =>
  middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(async (event: APIGatewayProxyEventV2) => {
    const { statusCode, headers, body } = await route(event);
    return {
      statusCode,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    };
  })
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(answerErrors(logger))
    .use(decodeBody())
    .use(readsQuery ? [] : refuseQuery());
