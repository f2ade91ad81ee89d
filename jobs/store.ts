import {
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { isContention } from './contention.ts';
import { countersKey, indexes, jobKey, openPartition, shards } from './protocol.ts';
import { JobItem, type JobRecord, recordOf } from './record.ts';
import { toTransactItem, type Write } from './write.ts';

/** What sweep needs to know of a job that is not settled. */
export type OpenJob = Pick<JobItem, 'jobId' | 'status' | 'execution' | 'createdAt' | 'beat' | 'finishedAt'>;

/** The table, in the domain's words. */
export class JobStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** The job as users see it, with its input and result: one Query. */
  async read(jobId: string, now: number): Promise<JobRecord | undefined> {
    return recordOf(await this.#query(jobId), now);
  }

  /**
   * The job and its attempts without the large texts: what decisions are made from. The job is read first: attempts that
   * were older than the fence in it could hide one that began in between (docs/accounting.md).
   */
  async readDecisive(jobId: string, now: number): Promise<JobRecord | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(jobKey(jobId)), ConsistentRead: true }),
    );
    if (!Item) return undefined;
    return recordOf([unmarshall(Item), ...(await this.#query(jobId, 'ATTEMPT#'))], now);
  }

  /**
   * Applies the writes together or not at all.
   * @returns false when a condition failed or another transaction was in the way: read again, decide again.
   */
  async write(writes: readonly Write[]): Promise<boolean> {
    const items = writes.map((write) => toTransactItem(this.#table, write));
    const [only] = items;
    try {
      if (items.length > 1 || only === undefined) {
        await this.#client.send(new TransactWriteItemsCommand({ TransactItems: items }));
      } else if (only.Put) {
        await this.#client.send(new PutItemCommand(only.Put));
      } else if (only.Update) {
        await this.#client.send(new UpdateItemCommand(only.Update));
      }
      return true;
    } catch (error) {
      if (isContention(error)) return false;
      throw error;
    }
  }

  /** The counters of every shard; a shard that has counted nothing yet is an empty one. */
  async counters(): Promise<Record<string, number>[]> {
    let keys = shards.map((shard) => marshall(countersKey(shard)));
    const found: Record<string, number>[] = [];
    // DynamoDB may leave some of the 16 keys for another call when throttled; more than five calls is an outage.
    for (let call = 0; keys.length > 0; call += 1) {
      if (call === 5) throw new Error('DynamoDB left counters unread five times');
      const answer = await this.#client.send(
        new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys: keys, ConsistentRead: true } } }),
      );
      found.push(...(answer.Responses?.[this.#table] ?? []).map((item) => unmarshall(item)));
      keys = answer.UnprocessedKeys?.[this.#table]?.Keys ?? [];
    }
    return found;
  }

  /** Jobs of one shard that are not settled, oldest first, `limit` at most. */
  async openJobs(shard: string, limit: number): Promise<OpenJob[]> {
    const answer = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: 'open',
        KeyConditionExpression: '#open = :open',
        ExpressionAttributeNames: { '#open': indexes.open.partition },
        ExpressionAttributeValues: marshall({ ':open': openPartition(shard) }),
        Limit: limit,
      }),
    );
    return (answer.Items ?? []).map((item) => OpenJobItem.parse(unmarshall(item)));
  }

  async #query(jobId: string, sortPrefix = ''): Promise<Record<string, unknown>[]> {
    const answer = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: sortPrefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :sk)',
        ExpressionAttributeValues: marshall({
          ':pk': jobKey(jobId).pk,
          ...(sortPrefix !== '' && { ':sk': sortPrefix }),
        }),
        ConsistentRead: true,
      }),
    );
    return (answer.Items ?? []).map((item) => unmarshall(item));
  }
}

const OpenJobItem = JobItem.pick({
  jobId: true,
  status: true,
  execution: true,
  createdAt: true,
  beat: true,
  finishedAt: true,
});
