import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { JobView } from '../../api/responses/job.ts';
import { waitSlotKey } from '../../jobs/protocol.ts';
import { InProcessApi } from '../harness/api-in-process.ts';
import { type Answer, eventually, RunningService } from '../harness/running-service.ts';

/**
 * Each request with `?wait=` occupies one Lambda until it ends. With two slots, two requests wait; all others get the job as it
 * is at once.
 */
let service: RunningService;
let api: InProcessApi;
let table: DynamoDBClient;

beforeAll(async () => {
  service = await RunningService.start();
  api = await InProcessApi.start(service, { MAX_WAITERS: '2' });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  table = new DynamoDBClient({ endpoint: service.dynamodbUrl, region: 'us-east-1', credentials });
});

afterAll(async () => {
  table.destroy();
  await api.stop();
  await service.stop();
});

const slow = { input: { source: 'synthetic', records: 1_000_000, recordsPerSecond: 10 } };

interface TimedAnswer extends Answer<JobView> {
  milliseconds: number;
}

async function wait(jobId: string, seconds: number): Promise<TimedAnswer> {
  const start = performance.now();
  const answer = await api.request<JobView>('GET', `/jobs/${jobId}?wait=${seconds}`);
  return { ...answer, milliseconds: performance.now() - start };
}

/** Lists which of the two slots have an item. */
async function slotsTaken(): Promise<number[]> {
  const found = await Promise.all(
    [0, 1].map(async (slot) => {
      const Key = marshall(waitSlotKey(slot));
      const { Item } = await table.send(
        new GetItemCommand({ TableName: 'eks-jobs-local', Key, ConsistentRead: true }),
      );
      return Item ? [slot] : [];
    }),
  );
  return found.flat();
}

/** Takes both slots, as requests of functions that were killed. */
async function leaveTaken(expiresAt: number): Promise<void> {
  for (const slot of [0, 1]) {
    await table.send(
      new PutItemCommand({
        TableName: 'eks-jobs-local',
        Item: marshall({ ...waitSlotKey(slot), holder: 'killed', expiresAt }),
      }),
    );
  }
}

const now = (): number => Math.floor(Date.now() / 1000);

describe('of many requests that wait at the same time', () => {
  test('two wait, and the others get the present state at once, with Retry-After', async () => {
    const jobId = await service.post(slow);
    const answers = await Promise.all(Array.from({ length: 12 }, () => wait(jobId, 3)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const waited = answers.filter(({ headers }) => headers.get('retry-after') === null);
    const rejected = answers.filter(({ headers }) => headers.get('retry-after') === '5');
    expect([waited.length, rejected.length]).toEqual([2, 10]);
    for (const { milliseconds } of waited) expect(milliseconds).toBeGreaterThanOrEqual(2900);
    for (const { body, milliseconds } of rejected) {
      expect(body.jobId).toBe(jobId);
      expect(milliseconds).toBeLessThan(Math.min(...waited.map((each) => each.milliseconds)));
    }
    expect(await slotsTaken()).toEqual([]);
    await service.request('DELETE', `/jobs/${jobId}`);
  });

  test('those that wait respond as soon as the job ends', async () => {
    const jobId = await service.post(slow);
    const waiting = wait(jobId, 25);
    await eventually(async () => ((await slotsTaken()).length === 1 ? true : undefined), 'a slot is taken');
    await service.request('DELETE', `/jobs/${jobId}`);
    const { body, milliseconds } = await waiting;
    expect(body.status).toBe('CANCELLED');
    expect(milliseconds).toBeLessThan(20_000);
    expect(await slotsTaken()).toEqual([]);
  });
});

test('a job that has ended is shown without a slot', async () => {
  const jobId = await service.post(slow);
  await service.request('DELETE', `/jobs/${jobId}`);
  await leaveTaken(now() + 60);
  const { headers, body } = await wait(jobId, 25);
  expect(body.status).toBe('CANCELLED');
  expect(headers.get('retry-after')).toBeNull();
});

test('the slots of killed functions are free again when their time is over', async () => {
  const jobId = await service.post(slow);
  await leaveTaken(now() + 60);
  expect((await wait(jobId, 1)).headers.get('retry-after')).toBe('5');
  await leaveTaken(now() - 1);
  const { headers, milliseconds } = await wait(jobId, 1);
  expect(headers.get('retry-after')).toBeNull();
  expect(milliseconds).toBeGreaterThanOrEqual(900);
  // The request freed the slot that it took; the other item remains until another request or DynamoDB deletes it.
  expect(await slotsTaken()).toHaveLength(1);
  await service.request('DELETE', `/jobs/${jobId}`);
});

describe('the wait ends before the function’s own time is over', () => {
  /** Calls the function with so much time left. */
  async function waitWith(jobId: string, milliseconds: number): Promise<{ result: unknown; took: number }> {
    const { handler } = await import('../../handlers/get-job.ts');
    const start = performance.now();
    const event = {
      version: '2.0',
      headers: {},
      pathParameters: { jobId },
      queryStringParameters: { wait: '25' },
      requestContext: { requestId: 'request-1' },
    };
    const context = {
      functionName: 'getJob',
      getRemainingTimeInMillis: () => milliseconds - (performance.now() - start),
    };
    const result = await handler(...([event, context] as unknown as Parameters<typeof handler>));
    return { result, took: performance.now() - start };
  }

  test('three seconds before it, or at once', async () => {
    await leaveTaken(now() - 1);
    const jobId = await service.post(slow);
    const { result, took } = await waitWith(jobId, 4500);
    expect(result).toMatchObject({ statusCode: 200 });
    expect(result).not.toMatchObject({ headers: { 'retry-after': '5' } });
    expect(took).toBeGreaterThan(500);
    expect(took).toBeLessThan(4500);
    expect(await waitWith(jobId, 2500)).toMatchObject({
      result: { statusCode: 200, headers: { 'retry-after': '5' } },
    });
    await service.request('DELETE', `/jobs/${jobId}`);
  });
});
