import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { WaitSlots } from '../ports.ts';
import { waitSlotKey } from '../protocol.ts';
import { succeeds } from './table.ts';

/** The slots of waiting requests in the DynamoDB table. An item exists while its slot is taken. */
export class DynamoWaitSlots implements WaitSlots {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** Costs one write unit. DynamoDB deletes expired items hours later, so the condition compares the time. */
  take(slot: number, { holder, now, expiresAt }: Parameters<WaitSlots['take']>[1]): Promise<boolean> {
    return succeeds(
      this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: marshall({ ...waitSlotKey(slot), holder, expiresAt }),
          ConditionExpression: 'attribute_not_exists(pk) OR expiresAt < :now',
          ExpressionAttributeValues: marshall({ ':now': now }),
        }),
      ),
    );
  }

  /** Costs one write unit. Another request may have the slot already, if this one was slow. */
  async free(slot: number, holder: string): Promise<void> {
    await succeeds(
      this.#client.send(
        new DeleteItemCommand({
          TableName: this.#table,
          Key: marshall(waitSlotKey(slot)),
          ConditionExpression: 'holder = :holder',
          ExpressionAttributeValues: marshall({ ':holder': holder }),
        }),
      ),
    );
  }
}
