import type { ErrorBody } from './responses/service.ts';
import {
  Conflict,
  Forbidden,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  RequestError,
  TooManyRequests,
} from '../jobs/errors.ts';

/** The HTTP status of each kind of error that a caller may see. Every other error is 500. */
const statuses = [
  [InvalidRequest, 400],
  [Forbidden, 403],
  [NotFound, 404],
  [Conflict, 409],
  [PayloadTooLarge, 413],
  [TooManyRequests, 429],
] as const;

/** The header that asks the caller to pause, in seconds. */
export const retryLater = { 'retry-after': '5' };

export interface ErrorResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: ErrorBody;
}

/**
 * Makes the response to a request that failed: `{error: {code, message, details?}, requestId}`. Of an error that is not a
 * RequestError it shows nothing: the log has it, under the requestId.
 */
export function errorResponse(error: unknown, requestId: string): ErrorResponse {
  const statusCode = statuses.find(([kind]) => error instanceof kind)?.[1] ?? 500;
  return {
    statusCode,
    headers: statusCode === 429 ? retryLater : {},
    body: { error: describe(error), requestId },
  };
}

function describe(error: unknown): ErrorBody['error'] {
  if (error instanceof RequestError) {
    const { name: code, message, details } = error;
    return { code, message, ...(details.length > 0 && { details: [...details] }) };
  }
  const message =
    'The request failed because of an internal error. Include the requestId when you report it.';
  return { code: 'InternalError', message };
}
