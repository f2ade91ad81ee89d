import { describe, expect, test } from '@jest/globals';
import { arnOf, executionFence, sameExecution } from '../../../jobs/execution.ts';

const arn = 'arn:aws:states:eu-central-1:123456789012:execution:run-job:a';

describe('an execution is recognised by its ARN and its start', () => {
  test('a fence gives its ARN back', () => {
    expect(arnOf(executionFence(arn, '2026-11-23T10:00:00.000Z'))).toBe(arn);
  });

  test('AWS shows one start with and without milliseconds', () => {
    expect(sameExecution(`${arn}@2026-11-23T10:00:00.123Z`, `${arn}@2026-11-23T10:00:00Z`)).toBe(true);
  });

  test('a name that was used again after 90 days is another execution', () => {
    expect(sameExecution(`${arn}@2026-11-23T10:00:00.000Z`, `${arn}@2027-03-01T10:00:00.000Z`)).toBe(false);
    expect(sameExecution(`${arn}@2026-11-23T10:00:00.000Z`, `${arn}b@2026-11-23T10:00:00.000Z`)).toBe(false);
  });
});
