import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { CreationWindow, JobFilter, JobStore, ListedJob, OpenJob } from '../ports.ts';
import { countersKey, indexes, jobKey, openPartition, shards, sweepKey } from '../protocol.ts';
import { JobItem, type JobRecord, recordOf } from '../record.ts';
import { parsePosition, type SweepPosition } from '../sweep-position.ts';
import type { Write } from '../write.ts';
import { filterExpression } from './job-filter.ts';
import { queryItems, readItems, succeeds } from './table.ts';
import { toTransactItem } from './transact-item.ts';

/** The jobs in the DynamoDB table. */
export class DynamoJobStore implements JobStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** Costs one Query. */
  async read(jobId: string, now: number): Promise<JobRecord | undefined> {
    return recordOf(await this.#query(jobId), now);
  }

  /**
   * Reads the job first: attempts that are older than its fence could hide an attempt that began in between
   * (docs/accounting.md).
   */
  async readDecisive(jobId: string, now: number): Promise<JobRecord | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(jobKey(jobId)), ConsistentRead: true }),
    );
    if (!Item) return undefined;
    return recordOf([unmarshall(Item), ...(await this.#query(jobId, 'ATTEMPT#'))], now);
  }

  async write(writes: readonly Write[]): Promise<boolean> {
    const items = writes.map((write) => toTransactItem(this.#table, write));
    // A single write costs half of what it costs in a transaction.
    const only = items.length === 1 ? items[0] : undefined;
    if (only?.Put) return succeeds(this.#client.send(new PutItemCommand(only.Put)));
    if (only?.Update) return succeeds(this.#client.send(new UpdateItemCommand(only.Update)));
    return succeeds(this.#client.send(new TransactWriteItemsCommand({ TransactItems: items })));
  }

  /** Reads the counters of every shard; a shard that has counted nothing yet is absent. */
  counters(): Promise<Record<string, number>[]> {
    const keys = shards.map((shard) => countersKey(shard));
    return readItems(this.#client, this.#table, keys);
  }

  async openJobs(shard: string, { after, until }: CreationWindow, limit: number): Promise<OpenJob[]> {
    const { partition, sort } = indexes.open;
    const items = await queryItems(
      this.#client,
      {
        TableName: this.#table,
        IndexName: 'open',
        // A sort key begins with its time and continues with '#', which sorts before '$'.
        KeyConditionExpression: '#open = :open AND #created BETWEEN :after AND :until',
        ExpressionAttributeNames: { '#open': partition, '#created': sort },
        ExpressionAttributeValues: marshall({
          ':open': openPartition(shard),
          ':after': after === undefined ? '0' : `${after}$`,
          ':until': until === undefined ? ':' : `${until}$`,
        }),
      },
      limit,
    );
    return items.map((item) => OpenJobItem.parse(item));
  }

  async executionsOf(jobIds: readonly string[]): Promise<Map<string, string>> {
    const keys = jobIds.map((jobId) => jobKey(jobId));
    const items = await readItems(this.#client, this.#table, keys);
    return new Map(
      items.map((item) => {
        const { jobId, execution } = JobItem.pick({ jobId: true, execution: true }).parse(item);
        return [jobId, execution];
      }),
    );
  }

  async sweepPosition(): Promise<SweepPosition> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(sweepKey), ConsistentRead: true }),
    );
    return parsePosition(Item?.['json']?.S);
  }

  /** Costs half a read unit. */
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

  /** Costs one Query. */
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
        // A sort key begins with a digit, which sorts before a colon, and continues after its time.
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

/** A job in the index byOwner. Other items share the index, under partitions that no owner's name may have. */
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
});
