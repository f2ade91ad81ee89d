import { describe, expect, test } from '@jest/globals';
import { isThrottled } from '../../../../jobs/aws/throttling.ts';

/** An error as the SDK makes it. */
const serviceError = (name: string, fields: object = {}): Error =>
  Object.assign(new Error('Rate exceeded'), { name, $metadata: { httpStatusCode: 400 }, ...fields });

const cancelled = (...codes: (string | undefined)[]): Error =>
  serviceError('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) });

describe('an error is throttling', () => {
  test.each([
    'ThrottlingException',
    'Throttling',
    'ThrottledException',
    'RequestThrottled',
    'RequestThrottledException',
    'EC2ThrottledException',
    'TooManyRequestsException',
    'ProvisionedThroughputExceededException',
    'RequestLimitExceeded',
    'BandwidthLimitExceeded',
    'PriorRequestNotComplete',
    'TransactionInProgressException',
    'SlowDown',
    'KmsThrottlingException',
    'ExecutionLimitExceeded',
  ])('with the name %s', (name) => {
    expect(isThrottled(serviceError(name))).toBe(true);
  });

  test('with status 429, whatever its name is', () => {
    expect(isThrottled(serviceError('Unknown', { $metadata: { httpStatusCode: 429 } }))).toBe(true);
  });

  test('if the model of the service marks it as throttling', () => {
    expect(isThrottled(serviceError('Busy', { $retryable: { throttling: true } }))).toBe(true);
  });

  test('if throttling is the only reason that a transaction was cancelled', () => {
    expect(isThrottled(cancelled('None', 'ThrottlingError'))).toBe(true);
    expect(isThrottled(cancelled('ProvisionedThroughputExceeded', undefined, 'ThrottlingError'))).toBe(true);
  });
});

describe('an error is not throttling', () => {
  test.each([
    [
      'a failed condition decides, whatever else happened',
      cancelled('ThrottlingError', 'ConditionalCheckFailed'),
    ],
    ['a wrong transaction', cancelled('None', 'ValidationError')],
    ['a transaction without a reason', cancelled()],
    ['missing permission', serviceError('AccessDeniedException')],
    [
      'an outage',
      serviceError('InternalServerError', { $metadata: { httpStatusCode: 500 }, $retryable: {} }),
    ],
    ['a lost response', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })],
    ['something that is not an error', { name: 'ThrottlingException' }],
  ])('%s', (_what, error) => {
    expect(isThrottled(error)).toBe(false);
  });
});
