import { type DynamoDBClient, QueryCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { indexes, type Key } from '../protocol.ts';
import type { SchedulePosition, ScheduleStore } from '../schedules/ports.ts';
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
import type { Write } from '../write.ts';
import { queryItems, readItems, succeeds } from './table.ts';
import { toTransactItem } from './transact-item.ts';

const Row = z.object({ sk: z.string(), json: z.string().optional() });
const ItemKey = z.object({ pk: z.string(), sk: z.string() });

/** The schedules in the DynamoDB table. */
export class DynamoScheduleStore implements ScheduleStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

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

  async write(writes: readonly Write[]): Promise<boolean> {
    const TransactItems = writes.map((write) => toTransactItem(this.#table, write));
    return succeeds(this.#client.send(new TransactWriteItemsCommand({ TransactItems })));
  }

  async list(
    owner: string,
    limit: number,
    after?: SchedulePosition,
  ): Promise<{ schedules: ScheduleItem[]; next?: SchedulePosition }> {
    const page = await this.#client.send(
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
    // The partition may also have jobs: those of an owner whose name is the partition's.
    const keys = (page.Items ?? [])
      .map((item) => ItemKey.parse(unmarshall(item)))
      .filter(({ sk }) => sk === scheduleSort);
    const found = await this.#get(keys);
    // In the order of the index; what was deleted since is left out.
    const schedules = keys.flatMap(({ pk }) => found.get(pk) ?? []);
    const [createdAt, scheduleId] =
      z
        .string()
        .optional()
        .parse(page.LastEvaluatedKey && unmarshall(page.LastEvaluatedKey)[indexes.byOwner.sort])
        ?.split('#') ?? [];
    return {
      schedules,
      ...(createdAt !== undefined && scheduleId !== undefined && { next: { createdAt, scheduleId } }),
    };
  }

  async pending(limit: number): Promise<ScheduleItem[]> {
    const items = await queryItems(
      this.#client,
      {
        TableName: this.#table,
        IndexName: 'open',
        KeyConditionExpression: '#open = :open',
        ExpressionAttributeNames: { '#open': indexes.open.partition },
        ExpressionAttributeValues: marshall({ ':open': pendingPartition }),
      },
      limit,
    );
    return [...(await this.#get(items.map((item) => ItemKey.parse(item)))).values()];
  }

  /** Reads schedules, by partition key. */
  async #get(keys: readonly Key[]): Promise<Map<string, ScheduleItem>> {
    const schedules = (await readItems(this.#client, this.#table, keys)).map((item) => scheduleOf(item));
    return new Map(schedules.map((schedule) => [scheduleKey(schedule.scheduleId).pk, schedule]));
  }
}
