import type { Logger } from '@aws-lambda-powertools/logger';
import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { RequestError } from '../../jobs/errors.ts';
import { errorBody } from '../../api/error-body.ts';

/** Every error a caller sees has this body: `{error: {code, message, details?}, requestId}`; nothing internal leaks. */
export const answerErrors = (
  logger: Logger,
): MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> => ({
  name: 'answerErrors',
  onError: (request) => {
    const { error, event } = request;
    const { requestId } = event.requestContext;
    const refusal = error instanceof RequestError ? error : undefined;
    if (refusal) logger.info('request refused', { requestId, code: refusal.name, reason: refusal.message });
    else logger.error('request failed', { requestId, error });
    const statusCode = refusal?.statusCode ?? 500;
    request.response = {
      statusCode,
      headers: { 'content-type': 'application/json', ...(statusCode === 429 && { 'retry-after': '5' }) },
      body: JSON.stringify(errorBody(error, requestId)),
    };
  },
});
