import type { Logger } from '@aws-lambda-powertools/logger';
import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { RequestError } from '../../jobs/errors.ts';

/** Every error a caller sees has this body: `{error: {code, message, details?}, requestId}`; nothing internal leaks. */
export const answerErrors = (
  logger: Logger,
): MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> => ({
  name: 'answerErrors',
  onError: (request) => {
    const { error, event } = request;
    const { requestId } = event.requestContext;
    if (error instanceof RequestError) {
      logger.info('request refused', { requestId, code: error.name, reason: error.message });
      const { name: code, message, details, statusCode } = error;
      request.response = {
        statusCode,
        headers: {
          'content-type': 'application/json',
          ...(statusCode === 429 && { 'retry-after': '5' }),
        },
        body: JSON.stringify({ error: { code, message, ...(details.length > 0 && { details }) }, requestId }),
      };
      return;
    }
    logger.error('request failed', { requestId, error });
    request.response = {
      statusCode: 500,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        error: {
          code: 'InternalError',
          message: 'Something went wrong here. Quote the requestId when you report it.',
        },
        requestId,
      }),
    };
  },
});
