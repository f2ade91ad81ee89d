import { describe, expect, test } from '@jest/globals';
import { Conflict, NotFound } from '../../../jobs/errors.ts';
import { ExecutionInput } from '../../../jobs/execution-input.ts';
import { recordOf } from '../../../jobs/record.ts';
import { retryInput } from '../../../jobs/retry.ts';
import { goldenAbout } from '../../harness/golden.ts';

const limits = { cpu: '4', memory: '8Gi' };
const [job = {}, input = {}] = goldenAbout('cancel-queued', 'old').record;

function found(change: object, items: readonly Record<string, unknown>[] = [input]) {
  const record = recordOf([{ ...job, status: 'FAILED', ...change }, ...items], 0);
  if (!record) throw new Error('no record');
  return { record };
}

describe('POST /jobs/{jobId}/retry', () => {
  test('makes a job with the same owner, input and options, which names the old one', () => {
    const exact = { ...input, json: '{"order":12345678901234567890}' };
    const text = retryInput(
      found({ owner: 'bob', maxAttempts: 2, timeoutSeconds: 7 }, [exact]),
      'new',
      limits,
    );
    expect(ExecutionInput.parse(JSON.parse(text))).toEqual({
      ...{ jobId: 'new', owner: 'bob', origin: 'api', input: exact.json },
      ...{ maxAttempts: 2, timeoutSeconds: 7, labels: {}, resources: {}, retryOf: 'old' },
    });
  });

  test('keeps labels and resources, as long as the limits allow them', () => {
    const options = { labels: { team: 'search' }, resources: { cpu: '2' } };
    const retried = (now: typeof limits) => JSON.parse(retryInput(found(options), 'new', now)) as object;
    expect(retried(limits)).toMatchObject(options);
    expect(() => retried({ ...limits, cpu: '1' })).toThrow(Conflict);
  });

  test.each(['QUEUED', 'RUNNING'])('rejects a job that is %s, and names its status', (status) => {
    expect(() => retryInput(found({ status }), 'new', limits)).toThrow(Conflict);
    expect(() => retryInput(found({ status }), 'new', limits)).toThrow(status);
  });

  test('is 404 when the input has expired', () => {
    expect(() => retryInput(found({}, []), 'new', limits)).toThrow(NotFound);
  });
});
