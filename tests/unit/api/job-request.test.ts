import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { acceptJob, RetryRequest } from '../../../api/job-request.ts';
import { readBody } from '../../../api/request.ts';
import { InvalidRequest, PayloadTooLarge, RequestError } from '../../../jobs/errors.ts';
import { ExecutionInput, maximumExecutionInputBytes } from '../../../jobs/execution-input.ts';

const limits = { cpu: '4', memory: '8Gi' };

const accept = (body: string): ExecutionInput =>
  ExecutionInput.parse(JSON.parse(acceptJob(body, '01jdd0000000000000000000aa', 'alice', limits)));

function rejectionOf(body: string): RequestError {
  try {
    acceptJob(body, 'a', 'alice', limits);
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('what POST /jobs accepts', () => {
  test.each(['', '{}', ' { } '])('%j is the demonstration: synthetic, 5000 records', (body) => {
    expect(accept(body)).toEqual({
      jobId: '01jdd0000000000000000000aa',
      owner: 'alice',
      origin: 'api',
      input: '{"source":"synthetic","records":5000}',
      maxAttempts: 3,
      timeoutSeconds: 3600,
      labels: {},
      resources: {},
    });
  });

  test('numbers are kept digit by digit: a double would change the number of an order', () => {
    const input = '{"order":12345678901234567890,"price":0.10000000000000000001,"rate":1e400,"half":1.50}';
    expect(accept(`{"input":${input}}`).input).toBe(input);
  });

  test('any JSON object is an input, and arrives as the same value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (input) => {
        const { input: text } = accept(JSON.stringify({ input }));
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(input)));
      }),
    );
  });

  test('labels and resources are carried as they are, and none are none', () => {
    const given = { labels: { 'example.com/team': 'Search', ticket: '' }, resources: { memory: '1.5Gi' } };
    expect(accept(JSON.stringify(given))).toMatchObject(given);
    expect(accept('{"labels":{},"resources":{}}')).toEqual(accept(''));
  });

  test('nothing in it differs between repeats of a request', () => {
    const accept = (): string => acceptJob('{"maxAttempts":2}', 'a', 'b', limits);
    expect(accept()).toBe(accept());
  });
});

describe('what POST /jobs rejects, and its messages', () => {
  test.each([
    ['{"input":', InvalidRequest, 'The body is not JSON'],
    ['no', InvalidRequest, 'The body is not JSON'],
    ['['.repeat(100_000), InvalidRequest, 'The body is not JSON'],
    [`{"input":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`, InvalidRequest, 'nested too deeply'],
  ])('%.30s', (body, kind, text) => {
    const error = rejectionOf(body);
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(text);
  });

  test.each([
    ['[]', 'body'],
    ['7', 'body'],
    ['null', 'body'],
    ['{"input":[]}', 'input'],
    ['{"input":"text"}', 'input'],
    ['{"input":null}', 'input'],
    ['{"records":5}', 'records'],
    ['{"__proto__":{}}', '__proto__'],
    ['{"timeoutSeconds":0}', 'timeoutSeconds'],
    ['{"timeoutSeconds":21601}', 'timeoutSeconds'],
    ['{"timeoutSeconds":"10"}', 'timeoutSeconds'],
    ['{"maxAttempts":4}', 'maxAttempts'],
    ['{"maxAttempts":1.5}', 'maxAttempts'],
    ['{"labels":[]}', 'labels'],
    ['{"labels":{"Team":"a"}}', 'labels.Team'],
    ['{"labels":{"__proto__":"a"}}', 'labels.__proto__'],
    ['{"labels":{"team":7}}', 'labels.team'],
    ['{"resources":{"gpu":"1"}}', 'resources.gpu'],
    ['{"resources":{"cpu":2}}', 'resources.cpu'],
    ['{"resources":{"cpu":"5"}}', 'resources.cpu'],
    ['{"resources":{"memory":"15Mi"}}', 'resources.memory'],
  ])('%s names the field', (body, field) => {
    const error = rejectionOf(body);
    expect(error).toBeInstanceOf(InvalidRequest);
    expect(error.details.map((detail) => detail.field)).toEqual([field]);
  });

  test.each([
    ['{"labels":{"Team":"a"}}', 'Allowed keys: 1 to 63 of a-z, 0-9'],
    ['{"resources":{"gpu":"1"}}', 'Unknown field. Allowed: cpu, memory.'],
    ['{"resources":{"cpu":"5"}}', 'Allowed: from 10m to 4.'],
    ['{"resources":{"memory":"5"}}', 'Allowed: from 16Mi to 8Gi.'],
  ])('the message for %s names what is allowed', (body, text) => {
    expect(rejectionOf(body).details).toMatchObject([{ message: expect.stringContaining(text) }]);
  });

  test('the message for a body over the limit has both figures, counted in bytes after escaping', () => {
    // Each quote costs four bytes on its way: escaped in the input, and once more in the execution's input.
    const error = rejectionOf(JSON.stringify({ input: { data: '"'.repeat(60_000) } }));
    expect(error).toBeInstanceOf(PayloadTooLarge);
    const [bytes, limit] = [...error.message.matchAll(/\d{4,}/g)].map(([figure]) => Number(figure));
    expect(limit).toBe(maximumExecutionInputBytes);
    expect(bytes).toBeGreaterThan(maximumExecutionInputBytes);
    expect(bytes).toBeLessThan(maximumExecutionInputBytes + 1000);
  });

  test('a retry takes no options: a changed job is a new job', () => {
    expect(() => readBody('{"input":{}}', RetryRequest, 'retry')).toThrow(InvalidRequest);
    expect(readBody('', RetryRequest, 'retry')).toEqual({});
  });
});
