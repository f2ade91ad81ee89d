import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { TooManyRequests } from '../errors.ts';
import type { Key } from '../protocol.ts';

type Item = ReturnType<typeof unmarshall>;

/** DynamoDB's limit of keys in a BatchGetItem. */
const maximumBatch = 100;

/**
 * Reads items by their keys. Items that do not exist are absent from the result.
 * @throws TooManyRequests when DynamoDB leaves keys for another call five times: it does so when it throttles.
 */
export async function readItems(
  client: DynamoDBClient,
  table: string,
  keys: readonly Key[],
): Promise<Item[]> {
  const items: Item[] = [];
  for (let first = 0; first < keys.length; first += maximumBatch) {
    items.push(...(await readBatch(client, table, keys.slice(first, first + maximumBatch))));
  }
  return items;
}

async function readBatch(client: DynamoDBClient, table: string, keys: readonly Key[]): Promise<Item[]> {
  const items: Item[] = [];
  let unread: Record<string, AttributeValue>[] = keys.map((key) => marshall(key));
  for (let call = 0; unread.length > 0; call += 1) {
    if (call === 5) throw new TooManyRequests('The table is busy; try again in a few seconds.');
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: unread, ConsistentRead: true } } }),
    );
    items.push(...(Responses?.[table] ?? []).map((item) => unmarshall(item)));
    unread = UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return items;
}

/** Reads the items of a query, page by page, `limit` at most. */
export async function queryItems(
  client: DynamoDBClient,
  query: QueryCommandInput,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page: QueryCommandOutput = await client.send(
      new QueryCommand({
        ...query,
        Limit: limit - items.length,
        ...(start && { ExclusiveStartKey: start }),
      }),
    );
    items.push(...(page.Items ?? []).map((item) => unmarshall(item)));
    start = page.LastEvaluatedKey;
  } while (start !== undefined && items.length < limit);
  return items;
}

/**
 * Waits for a write.
 * @returns false when a condition failed or another transaction interfered: read again and decide again.
 */
export async function succeeds(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isContention(error)) return false;
    throw error;
  }
}

function isContention(error: unknown): boolean {
  if (error instanceof ConditionalCheckFailedException || error instanceof TransactionConflictException)
    return true;
  return (
    error instanceof TransactionCanceledException &&
    (error.CancellationReasons ?? []).some(
      ({ Code }) => Code === 'ConditionalCheckFailed' || Code === 'TransactionConflict',
    )
  );
}
