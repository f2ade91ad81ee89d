import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiClient } from '../../../../cli/api/client.ts';
import { parseRetryAfter } from '../../../../cli/api/retries.ts';
import { resolveConnection } from '../../../../cli/connection.ts';
import { FakeApi, type FakeResponse } from '../fake-api.ts';
import { jobView } from '../views.ts';

/** Requests that are safe to repeat are retried after temporary failures; no other request is. */
const { jobId } = jobView();
let api: FakeApi;
let reasons: string[];

beforeEach(async () => {
  api = await FakeApi.start();
  reasons = [];
});

afterEach(() => api.stop());

const client = (retries = 3, signal = new AbortController().signal): ApiClient =>
  new ApiClient({
    connection: resolveConnection({ api: api.url }),
    retries,
    signal,
    firstPause: 1,
    onRetry: (reason) => reasons.push(reason),
  });

const accepted: FakeResponse = { status: 202, body: { jobId, status: 'QUEUED' } };
const rejected = (status: number, headers = {}): FakeResponse => ({
  status,
  headers,
  body: { error: { code: 'Rejected', message: `is ${status}` }, requestId: 'r' },
});

describe('a request that is safe to repeat is retried', () => {
  test.each([
    ['429', rejected(429)],
    ['500', rejected(500)],
    ['502 of a proxy', { status: 502, body: '<html>' }],
    ['503', rejected(503)],
    ['a broken connection', { cut: true }],
  ])('after %s', async (_what, failure) => {
    api.script = [failure, failure, { body: jobView() }];
    expect((await client().job(jobId)).body.status).toBe('SUCCEEDED');
    expect(api.received).toHaveLength(3);
    expect(reasons).toHaveLength(2);
  });

  test('up to the maximum, and then fails with the last failure', async () => {
    api.script = [rejected(503)];
    await expect(client(2).job(jobId)).rejects.toMatchObject({ status: 503, message: 'Rejected: is 503' });
    expect(api.received).toHaveLength(3);
  });

  test('a POST keeps its Idempotency-Key, so that it creates one job', async () => {
    api.script = [{ cut: true }, rejected(500), accepted];
    await client().submit({ input: { records: 1 } });
    const keys = api.received.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toMatch(/^[\x21-\x7e]{20,}$/);
    expect(new Set(keys).size).toBe(1);
    expect(new Set(api.received.map(({ body }) => body)).size).toBe(1);
  });

  test('two calls have different keys', async () => {
    api.script = [accepted];
    await client().submit({});
    await client().submit({});
    const [first, second] = api.received.map(({ headers }) => headers['idempotency-key']);
    expect(first).not.toBe(second);
  });
});

describe('a request is sent once', () => {
  test.each([400, 401, 403, 404, 409, 413])('if it is rejected with %i', async (status) => {
    api.script = [rejected(status)];
    await expect(client().job(jobId)).rejects.toMatchObject({ status });
    expect(api.received).toHaveLength(1);
  });

  test.each([
    ['a change of a schedule', (one: ApiClient) => one.changeSchedule(jobId, { enabled: false })],
    ['the deletion of a schedule', (one: ApiClient) => one.deleteSchedule(jobId)],
  ])('if it is not safe to repeat: %s', async (_what, change) => {
    api.script = [rejected(503)];
    await expect(change(client())).rejects.toMatchObject({ status: 503 });
    expect(api.received).toHaveLength(1);
  });
});

describe('Retry-After', () => {
  test('is waited for', async () => {
    api.script = [rejected(429, { 'retry-after': '1' }), { body: jobView() }];
    await client().job(jobId);
    const [first, second] = api.received.map(({ at }) => at);
    // Timers of Node may be a millisecond early.
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(990);
  });

  test('of more than a minute ends the retries', async () => {
    api.script = [rejected(429, { 'retry-after': '61' })];
    await expect(client().job(jobId)).rejects.toMatchObject({ status: 429 });
    expect(api.received).toHaveLength(1);
  });

  test.each([
    ['7', 7],
    ['Mon, 23 Nov 2026 10:00:05 GMT', 5],
    ['Mon, 23 Nov 2026 09:00:00 GMT', 0],
    ['soon', undefined],
    [null, undefined],
  ])('%j means %j seconds', (header, seconds) => {
    expect(parseRetryAfter(header, Date.parse('2026-11-23T10:00:00Z'))).toBe(seconds);
  });

  test('ends with Ctrl-C', async () => {
    const interruption = new AbortController();
    api.script = [rejected(429, { 'retry-after': '60' })];
    const response = client(3, interruption.signal).job(jobId);
    while (reasons.length === 0) await new Promise((resolve) => setImmediate(resolve));
    interruption.abort();
    await expect(response).rejects.toMatchObject({ name: 'AbortError' });
  });
});
