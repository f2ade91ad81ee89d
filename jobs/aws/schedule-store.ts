import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { isContention } from './table.ts';
import { indexes } from '../protocol.ts';
import { toTransactItem, type Write } from '../write.ts';
import {
  ownerPartition,
  pendingPartition,
  type ScheduleItem,
  scheduleInputKey,
  scheduleKey,
  scheduleOf,
  type ScheduleRecord,
  scheduleSort,
} from '../schedules/record.ts';

/** Where a page of an owner's schedules ended. */
export interface Cursor {
  createdAt: string;
  scheduleId: string;
}

const Row = z.object({ sk: z.string(), json: z.string().optional() });
const Found = z.object({ pk: z.string(), sk: z.string() });

/** The schedules in the table. */
export class ScheduleStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** A schedule and its input, as they stand now. */
  async read(scheduleId: string): Promise<ScheduleRecord | undefined> {
    const { Items = [] } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: marshall({ ':pk': scheduleKey(scheduleId).pk }),
        ConsistentRead: true,
      }),
    );
    const items = Items.map((item) => unmarshall(item));
    const schedule = items.find(({ sk }) => sk === scheduleSort);
    const input = items
      .map((item) => Row.parse(item))
      .find(({ sk }) => sk === scheduleInputKey(scheduleId).sk);
    if (!schedule || input?.json === undefined) return undefined;
    return { schedule: scheduleOf(schedule), input: input.json };
  }

  /**
   * Applies the writes together or not at all.
   * @returns false when a condition failed or another transaction was in the way.
   */
  async write(writes: readonly Write[]): Promise<boolean> {
    const TransactItems = writes.map((write) => toTransactItem(this.#table, write));
    try {
      await this.#client.send(new TransactWriteItemsCommand({ TransactItems }));
      return true;
    } catch (error) {
      if (isContention(error)) return false;
      throw error;
    }
  }

  /** A page of an owner's schedules, the newest first. */
  async list(
    owner: string,
    limit: number,
    after?: Cursor,
  ): Promise<{ schedules: ScheduleItem[]; next?: Cursor }> {
    const answer = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: 'byOwner',
        KeyConditionExpression: '#owner = :owner',
        ExpressionAttributeNames: { '#owner': indexes.byOwner.partition },
        ExpressionAttributeValues: marshall({ ':owner': ownerPartition(owner) }),
        ScanIndexForward: false,
        Limit: limit,
        ...(after && {
          ExclusiveStartKey: marshall({
            ...scheduleKey(after.scheduleId),
            [indexes.byOwner.partition]: ownerPartition(owner),
            [indexes.byOwner.sort]: `${after.createdAt}#${after.scheduleId}`,
          }),
        }),
      }),
    );
    // Of an owner whose name begins as the partition does, jobs lie here too.
    const keys = (answer.Items ?? [])
      .map((item) => Found.parse(unmarshall(item)))
      .filter(({ sk }) => sk === scheduleSort);
    const found = await this.#get(keys);
    // The order of the index; what is gone since is left out.
    const schedules = keys.flatMap(({ pk }) => found.get(pk) ?? []);
    const [createdAt, scheduleId] =
      z
        .string()
        .optional()
        .parse(answer.LastEvaluatedKey && unmarshall(answer.LastEvaluatedKey)[indexes.byOwner.sort])
        ?.split('#') ?? [];
    return {
      schedules,
      ...(createdAt !== undefined && scheduleId !== undefined && { next: { createdAt, scheduleId } }),
    };
  }

  /** Schedules that EventBridge Scheduler may differ from, the oldest first, `limit` at most. */
  async pending(limit: number): Promise<ScheduleItem[]> {
    const answer = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: 'open',
        KeyConditionExpression: '#open = :open',
        ExpressionAttributeNames: { '#open': indexes.open.partition },
        ExpressionAttributeValues: marshall({ ':open': pendingPartition }),
        Limit: limit,
      }),
    );
    const keys = (answer.Items ?? []).map((item) => Found.parse(unmarshall(item)));
    return [...(await this.#get(keys)).values()];
  }

  /** Items by partition key; at most 100, DynamoDB's limit. */
  async #get(keys: readonly z.infer<typeof Found>[]): Promise<Map<string, ScheduleItem>> {
    const found = new Map<string, ScheduleItem>();
    let wanted: Record<string, AttributeValue>[] = keys.map(({ pk, sk }) => marshall({ pk, sk }));
    // DynamoDB may leave some for another call when throttled; more than five calls is an outage.
    for (let call = 0; wanted.length > 0; call += 1) {
      if (call === 5) throw new Error('DynamoDB left schedules unread five times');
      const answer = await this.#client.send(
        new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys: wanted, ConsistentRead: true } } }),
      );
      for (const item of answer.Responses?.[this.#table] ?? []) {
        const schedule = scheduleOf(unmarshall(item));
        found.set(scheduleKey(schedule.scheduleId).pk, schedule);
      }
      wanted = answer.UnprocessedKeys?.[this.#table]?.Keys ?? [];
    }
    return found;
  }
}
