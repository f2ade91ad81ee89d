import type { ErrorBody } from './responses/error.ts';
import { RequestError } from '../jobs/errors.ts';

/** What a caller is told of an error: a refusal says why, everything else only where the log has more. */
export function errorBody(error: unknown, requestId: string): ErrorBody {
  if (error instanceof RequestError) {
    const { name: code, message, details } = error;
    return { error: { code, message, ...(details.length > 0 && { details: [...details] }) }, requestId };
  }
  const message = 'Something went wrong here. Quote the requestId when you report it.';
  return { error: { code: 'InternalError', message }, requestId };
}
