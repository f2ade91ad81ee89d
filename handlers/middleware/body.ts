import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/**
 * Gives the handler the body as the client sent it. An HTTP API encodes in base64 what it does not take for text, by
 * content type: `curl --data` sends a form type, so JSON arrives encoded.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export const decodeBody = (): MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> => ({
  name: 'decodeBody',
  before: ({ event }) => {
    if (!event.isBase64Encoded) return;
    event.body = Buffer.from(event.body ?? '', 'base64').toString('utf8');
    event.isBase64Encoded = false;
  },
});
