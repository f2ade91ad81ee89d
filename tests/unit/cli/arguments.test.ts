import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { collectLabel, parseTime } from '../../../cli/arguments.ts';
import { formatPairs } from '../../../cli/output/table.ts';
import { readPages } from '../../../cli/pages.ts';
import { LabelQuery, Labels } from '../../../jobs/labels.ts';
import { eksJobs } from './run-command.ts';
import { FakeApi } from './fake-api.ts';
import { scheduleView } from './views.ts';

const now = Date.parse('2026-11-23T10:00:00Z');

test.each([
  ['90s', '2026-11-23T09:58:30.000Z'],
  ['30m', '2026-11-23T09:30:00.000Z'],
  ['2h', '2026-11-23T08:00:00.000Z'],
  ['7d', '2026-11-16T10:00:00.000Z'],
  ['2026-11-23T10:00:00+01:00', '2026-11-23T10:00:00+01:00'],
])('--from %s means %s', (text, time) => {
  expect(parseTime(text, now)).toBe(time);
});

test.each(['', '2w', '-1h', '1.5h', '2026-11-23', '2026-13-01T00:00:00Z', 'h'])(
  '%j is not a time',
  (text) => {
    expect(() => parseTime(text, now)).toThrow(/Allowed/);
  },
);

test('every label that the API accepts reaches it unchanged', () => {
  const keyPattern = fc.stringMatching(/^[a-z0-9]([a-z0-9_./-]{0,20}[a-z0-9])?$/);
  const valuePattern = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,20}[A-Za-z0-9])?$/);
  fc.assert(
    fc.property(fc.dictionary(keyPattern, valuePattern, { minKeys: 1, maxKeys: 16 }), (labels) => {
      const texts = Object.entries(labels).map(([key, text]) => `${key}=${text}`);
      const collected = texts.reduce<Record<string, string>>(
        (before, text) => collectLabel(text, before),
        {},
      );
      expect(Labels.parse(collected)).toEqual(labels);
      expect(Object.fromEntries(LabelQuery.parse(formatPairs(collected)))).toEqual(labels);
    }),
  );
});

describe('pages', () => {
  /** Reads a list of this many items in pages of up to 100. */
  const readList = (items: number, limit: number) => {
    const sizes: number[] = [];
    const end = readPages<number>({
      limit,
      maximumPageSize: 100,
      cursor: undefined,
      read: (size, cursor = '0') => {
        sizes.push(size);
        return Promise.resolve(Math.min(Number(cursor) + size, items));
      },
      cursorOf: (position) => (position < items ? String(position) : undefined),
      take: (position) => position - sizes.slice(0, -1).reduce((sum, size) => sum + size, 0),
    });
    return { end, sizes };
  };

  test('are read until the limit is reached', async () => {
    const { end, sizes } = readList(1000, 250);
    expect(await end).toBe('250');
    expect(sizes).toEqual([100, 100, 50]);
  });

  test('are read until the list ends', async () => {
    const { end, sizes } = readList(120, 10_000);
    expect(await end).toBeUndefined();
    expect(sizes).toHaveLength(2);
  });

  test('that are all empty are read a thousand times at most', async () => {
    let reads = 0;
    const end = await readPages<string>({
      ...{ limit: 20, maximumPageSize: 100, cursor: undefined },
      read: () => Promise.resolve(String((reads += 1))),
      cursorOf: (page) => page,
      take: () => 0,
    });
    expect({ reads, end }).toEqual({ reads: 1000, end: '1000' });
  });
});

describe('the options of a job', () => {
  let api: FakeApi;

  beforeEach(async () => {
    api = await FakeApi.start();
  });

  afterEach(() => api.stop());

  const options = [
    ...['--input', '{"key": 12345678901234567890, "share": 1.50}', '--timeout', '60'],
    ...['--max-attempts', '2', '-l', 'a=1', '-l', 'b=', '--cpu', '500m', '--memory', '1Gi'],
  ];
  const fields =
    '"input":{"key":12345678901234567890,"share":1.50},"timeoutSeconds":60,"maxAttempts":2,' +
    '"labels":{"a":"1","b":""},"resources":{"cpu":"500m","memory":"1Gi"}';

  test('are sent by submit', async () => {
    api.script = [{ status: 202, body: { jobId: 'x', status: 'QUEUED' } }];
    const line = ['submit', ...options, '--idempotency-key', 'once', '--api', api.url];
    expect(await eksJobs(line)).toMatchObject({ code: 0, out: 'x\n' });
    const [{ body, headers } = { body: '', headers: {} }] = api.received;
    expect(body).toBe(`{${fields}}`);
    expect(headers).toMatchObject({ 'idempotency-key': 'once', 'content-type': 'application/json' });
  });

  test('are sent by schedule create, and shown with the schedule', async () => {
    api.script = [{ status: 201, body: scheduleView() }];
    const line = ['schedule', 'create', '@daily', ...options, '--api', api.url];
    const { code, out } = await eksJobs(line);
    expect(api.received.map(({ body }) => body)).toEqual([`{"cron":"@daily",${fields}}`]);
    expect(code).toBe(0);
    expect(out).toMatch(/^Labels +a=1\nResources +cpu=500m\nLimits +2 attempts of 60s\n/m);
  });

  test('are sent by schedule update', async () => {
    api.script = [{ body: scheduleView() }];
    const line = ['schedule', 'update', scheduleView().scheduleId, ...options, '--api', api.url];
    expect(await eksJobs(line)).toMatchObject({ code: 0 });
    expect(api.received.map(({ method, body }) => [method, body])).toEqual([['PATCH', `{${fields}}`]]);
  });
});
