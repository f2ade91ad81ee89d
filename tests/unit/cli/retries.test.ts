import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiClient } from '../../../cli/api/client.ts';
import { readRetryAfter } from '../../../cli/api/retries.ts';
import { connectionOf } from '../../../cli/connection.ts';
import { FakeApi, type Scripted } from './fake-api.ts';
import { jobView } from './jobs.ts';

/** What may be asked again is; what may not, or would be for nothing, is not. */
const { jobId } = jobView();
let api: FakeApi;
let told: string[];

beforeEach(async () => {
  api = await FakeApi.start();
  told = [];
});

afterEach(() => api.stop());

const client = (retries = 3, signal = new AbortController().signal): ApiClient =>
  new ApiClient({
    connection: connectionOf({ api: api.url }),
    retries,
    signal,
    firstPause: 1,
    onRetry: (reason) => told.push(reason),
  });

const accepted: Scripted = { status: 202, body: { jobId, status: 'QUEUED' } };
const refused = (status: number, headers = {}): Scripted => ({
  status,
  headers,
  body: { error: { code: 'Refused', message: `is ${status}` }, requestId: 'r' },
});

describe('a request that may be repeated is made again', () => {
  test.each([
    ['429', refused(429)],
    ['500', refused(500)],
    ['502 in words of a proxy', { status: 502, body: '<html>' }],
    ['503', refused(503)],
    ['a connection that breaks', { cut: true }],
  ])('after %s', async (_what, failure) => {
    api.script = [failure, failure, { body: jobView() }];
    expect((await client().job(jobId)).body.status).toBe('SUCCEEDED');
    expect(api.received).toHaveLength(3);
    expect(told).toHaveLength(2);
  });

  test('so often and not more, and then it is the last failure that is told', async () => {
    api.script = [refused(503)];
    await expect(client(2).job(jobId)).rejects.toMatchObject({ status: 503, message: 'Refused: is 503' });
    expect(api.received).toHaveLength(3);
  });

  test('a POST under one Idempotency-Key, so that it makes one job', async () => {
    api.script = [{ cut: true }, refused(500), accepted];
    await client().submit({ input: { records: 1 } });
    const keys = api.received.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toMatch(/^[\x21-\x7e]{20,}$/);
    expect(new Set(keys).size).toBe(1);
    expect(new Set(api.received.map(({ body }) => body)).size).toBe(1);
  });

  test('two calls are two jobs', async () => {
    api.script = [accepted];
    await client().submit({});
    await client().submit({});
    const [first, second] = api.received.map(({ headers }) => headers['idempotency-key']);
    expect(first).not.toBe(second);
  });
});

describe('a request is made once', () => {
  test.each([400, 401, 403, 404, 409, 413])('that is refused with %i', async (status) => {
    api.script = [refused(status)];
    await expect(client().job(jobId)).rejects.toMatchObject({ status });
    expect(api.received).toHaveLength(1);
  });

  test.each([
    ['a change of a schedule', (one: ApiClient) => one.changeSchedule(jobId, { enabled: false })],
    ['the deletion of a schedule', (one: ApiClient) => one.deleteSchedule(jobId)],
  ])('that may have happened: %s', async (_what, change) => {
    api.script = [refused(503)];
    await expect(change(client())).rejects.toMatchObject({ status: 503 });
    expect(api.received).toHaveLength(1);
  });
});

describe('Retry-After', () => {
  test('is waited for', async () => {
    api.script = [refused(429, { 'retry-after': '1' }), { body: jobView() }];
    await client().job(jobId);
    const [first, second] = api.received.map(({ at }) => at);
    // Timers of Node may be a millisecond early.
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(990);
  });

  test('of more than a minute is an end', async () => {
    api.script = [refused(429, { 'retry-after': '61' })];
    await expect(client().job(jobId)).rejects.toMatchObject({ status: 429 });
    expect(api.received).toHaveLength(1);
  });

  test.each([
    ['7', 7],
    ['Mon, 23 Nov 2026 10:00:05 GMT', 5],
    ['Mon, 23 Nov 2026 09:00:00 GMT', 0],
    ['soon', undefined],
    [null, undefined],
  ])('%j is %j seconds', (header, seconds) => {
    expect(readRetryAfter(header, Date.parse('2026-11-23T10:00:00Z'))).toBe(seconds);
  });

  test('ends with Ctrl-C', async () => {
    const interruption = new AbortController();
    api.script = [refused(429, { 'retry-after': '60' })];
    const answer = client(3, interruption.signal).job(jobId);
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    interruption.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  });
});
