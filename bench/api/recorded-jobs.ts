import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { jobKey } from '../../jobs/protocol.ts';
import { eventually } from '../../tests/harness/running-service.ts';
import { type FilledService, table } from './filled-service.ts';

/** A job as the service wrote it: all its items, and what it added to the counters. */
export interface RecordedJob {
  jobId: string;
  /** RFC 3339. */
  createdAt: string;
  /** The items, as JSON. */
  items: string;
  counts: Record<string, number>;
}

/** Of a hundred jobs, how many succeed in the first attempt, succeed in the second attempt, and fail. */
const kinds = [
  { share: 90, body: {} },
  { share: 8, body: { input: { source: 'synthetic', records: 5000, failAttempts: 1 } } },
  { share: 2, body: { input: { source: 'synthetic', records: 'many' } } },
];

/** Runs one job of each kind while no other job runs. @returns a hundred jobs, in the shares of their kinds. */
export async function recordJobs({ running: service, store, client }: FilledService): Promise<RecordedJob[]> {
  const recorded: RecordedJob[][] = [];
  for (const { share, body } of kinds) {
    const before = sum(await store.counters());
    const { jobId, createdAt } = await service.ended(await service.post(body));
    // Settle writes last and removes this attribute.
    const items = await eventually(async () => {
      const current = await readItems(jobId, client);
      return current.some((item) => 'open' in item) ? undefined : current;
    }, `the settlement of job ${jobId}`);
    const after = sum(await store.counters());
    const counts = Object.fromEntries(
      Object.entries(after).map(([counter, value]) => [counter, value - (before[counter] ?? 0)]),
    );
    const job = { jobId, createdAt, items: JSON.stringify(items), counts };
    recorded.push(Array.from({ length: share }, () => job));
  }
  return recorded.flat();
}

async function readItems(jobId: string, client: DynamoDBClient): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: jobKey(jobId).pk } },
      ConsistentRead: true,
    }),
  );
  return Items.map((item) => unmarshall(item));
}

/** Adds up the counters of all shards. */
function sum(shards: readonly Record<string, unknown>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [counter, value] of shards.flatMap((shard) => Object.entries(shard))) {
    if (typeof value === 'number') total[counter] = (total[counter] ?? 0) + value;
  }
  return total;
}
