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
import type { JobSummary } from '../../api/responses/job.ts';
import { isContention } from './table.ts';
import { filterExpression, type JobFilter } from './job-filter.ts';
import { countersKey, indexes, jobKey, openPartition, shards } from '../protocol.ts';
import { JobItem, type JobRecord, recordOf } from '../record.ts';
import { originOf } from '../schedules/id.ts';
import { toTransactItem, type Write } from '../write.ts';

/** What sweep needs to know of a job that is not settled. */
export type OpenJob = Pick<
  JobItem,
  'jobId' | 'status' | 'waitingReason' | 'execution' | 'createdAt' | 'beat' | 'finishedAt'
>;

export interface ListedJob {
  summary: JobSummary;
  /** Its createdAtId. */
  position: string;
}

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
    // Alone, a write costs half of what it costs in a transaction.
    const only = items.length === 1 ? items[0] : undefined;
    try {
      if (only?.Put) await this.#client.send(new PutItemCommand(only.Put));
      else if (only?.Update) await this.#client.send(new UpdateItemCommand(only.Update));
      else await this.#client.send(new TransactWriteItemsCommand({ TransactItems: items }));
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

  /** How a job stands, a second old at most: half a read unit. undefined where it is not in the table. */
  async statusOf(jobId: string): Promise<JobItem['status'] | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#table,
        Key: marshall(jobKey(jobId)),
        ProjectionExpression: '#status',
        ExpressionAttributeNames: { '#status': 'status' },
      }),
    );
    return Item && JobItem.pick({ status: true }).parse(unmarshall(Item)).status;
  }

  /**
   * One owner's jobs that pass the filter, newest first: one Query, which reads `limit` jobs whether they pass or not.
   * @returns `after`: where it stopped, undefined at the end.
   */
  async jobsOf(
    owner: string,
    filter: JobFilter,
    now: number,
  ): Promise<{ jobs: ListedJob[]; after?: string }> {
    const { from, to, after, limit } = filter;
    const { expression, names, values } = filterExpression(filter, now);
    const { partition, sort } = indexes.byOwner;
    const answer = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: 'byOwner',
        // A sort key begins with a digit, which comes before a colon, and goes on behind its time.
        KeyConditionExpression: '#owner = :owner AND #created BETWEEN :from AND :to',
        FilterExpression: expression,
        ExpressionAttributeNames: { '#owner': partition, '#created': sort, ...names },
        ExpressionAttributeValues: marshall({
          ':owner': owner,
          ':from': from ?? '0',
          ':to': to ?? ':',
          ...values,
        }),
        ScanIndexForward: false,
        Limit: limit,
        ...(after !== undefined && {
          ExclusiveStartKey: marshall({
            ...jobKey(after.slice(after.indexOf('#') + 1)),
            [partition]: owner,
            [sort]: after,
          }),
        }),
      }),
    );
    const next = answer.LastEvaluatedKey?.[sort]?.S;
    return {
      jobs: (answer.Items ?? []).flatMap((item) => ListedItem.safeParse(unmarshall(item)).data ?? []),
      ...(next !== undefined && { after: next }),
    };
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
  waitingReason: true,
  execution: true,
  createdAt: true,
  beat: true,
  finishedAt: true,
});

/** Other things than jobs share the index under partitions of their own; nobody's name may reach them. */
const ListedItem = JobItem.pick({
  sk: true,
  jobId: true,
  status: true,
  origin: true,
  retryOf: true,
  labels: true,
  createdAt: true,
  startedAt: true,
  finishedAt: true,
  createdAtId: true,
}).transform(
  ({ createdAtId, jobId, status, origin, retryOf, labels, createdAt, startedAt, finishedAt }): ListedJob => ({
    position: createdAtId,
    summary: {
      jobId,
      status,
      origin,
      ...(origin === 'schedule' && originOf(jobId)),
      ...(retryOf !== '' && { retryOf }),
      ...(Object.keys(labels).length > 0 && { labels }),
      createdAt,
      ...(startedAt !== undefined && { startedAt }),
      ...(finishedAt !== undefined && { finishedAt }),
    },
  }),
);
