import { describe, expect, test } from '@jest/globals';
import { errorResponse } from '../../../api/errors.ts';
import * as errors from '../../../jobs/errors.ts';

/** Every kind of error that a caller may see, with its status. A new kind fails here until it has one. */
const statuses = {
  InvalidRequest: 400,
  Forbidden: 403,
  NotFound: 404,
  Conflict: 409,
  PayloadTooLarge: 413,
  TooManyRequests: 429,
};
const kinds = Object.entries(errors).filter(([, kind]) => kind.prototype instanceof errors.RequestError);

describe('the response to a failed request', () => {
  test('is known for every kind of error that a caller may see', () => {
    expect(kinds.map(([name]) => name).sort()).toEqual(Object.keys(statuses).sort());
  });

  test.each(Object.entries(statuses))('has for %s the status %i and the name as its code', (name, status) => {
    const Kind = errors[name as keyof typeof statuses];
    const details = [{ field: 'a', message: 'b' }];
    expect(errorResponse(new Kind('c', details), 'request-1')).toEqual({
      statusCode: status,
      headers: status === 429 ? { 'retry-after': '5' } : {},
      body: { error: { code: name, message: 'c', details }, requestId: 'request-1' },
    });
    expect(errorResponse(new Kind('c'), 'request-1').body.error).toEqual({ code: name, message: 'c' });
  });

  test.each([new Error('table eks-jobs'), new errors.RecordContended('a'), 'text', undefined])(
    'shows nothing of an internal error: %p',
    (error) => {
      expect(errorResponse(error, 'request-1')).toEqual({
        statusCode: 500,
        headers: {},
        body: {
          error: {
            code: 'InternalError',
            message: expect.stringMatching(/^The request failed because of an internal error/),
          },
          requestId: 'request-1',
        },
      });
    },
  );
});
