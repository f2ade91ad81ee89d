import { describe, expect, test } from '@jest/globals';
import { Conflict, NotFound } from '../../../jobs/errors.ts';
import { ExecutionInput } from '../../../jobs/execution-input.ts';
import { recordOf } from '../../../jobs/record.ts';
import { retryInput } from '../../../jobs/retry.ts';
import { goldenAbout } from '../../harness/golden.ts';

const most = { cpu: '4', memory: '8Gi' };
const [job = {}, input = {}] = goldenAbout('cancel-queued', 'old').record;

function found(change: object, items: readonly Record<string, unknown>[] = [input]) {
  const record = recordOf([{ ...job, status: 'FAILED', ...change }, ...items], 0);
  if (!record) throw new Error('no record');
  return { record };
}

describe('POST /jobs/{jobId}/retry', () => {
  test('makes a job of the same owner, input and limits, which names the old one', () => {
    const exact = { ...input, json: '{"order":12345678901234567890}' };
    const text = retryInput(found({ owner: 'bob', maxAttempts: 2, timeoutSeconds: 7 }, [exact]), 'new', most);
    expect(ExecutionInput.parse(JSON.parse(text))).toEqual({
      ...{ jobId: 'new', owner: 'bob', origin: 'api', input: exact.json },
      ...{ maxAttempts: 2, timeoutSeconds: 7, labels: {}, resources: {}, retryOf: 'old' },
    });
  });

  test('keeps labels and resources, as long as the limits allow them', () => {
    const options = { labels: { team: 'search' }, resources: { cpu: '2' } };
    const again = (limits: typeof most) => JSON.parse(retryInput(found(options), 'new', limits)) as object;
    expect(again(most)).toMatchObject(options);
    expect(() => again({ ...most, cpu: '1' })).toThrow(Conflict);
  });

  test.each(['QUEUED', 'RUNNING'])('refuses a job that is %s, and says so', (status) => {
    expect(() => retryInput(found({ status }), 'new', most)).toThrow(Conflict);
    expect(() => retryInput(found({ status }), 'new', most)).toThrow(status);
  });

  test('has nothing to run once the input has expired', () => {
    expect(() => retryInput(found({}, []), 'new', most)).toThrow(NotFound);
  });
});
