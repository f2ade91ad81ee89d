import type { Delete, Put, TransactWriteItem, Update } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Key } from '../protocol.ts';
import type { Attributes, Condition, Value, Write } from '../write.ts';

/** Collects the placeholders of one expression. Every name has one: half of our names are reserved words of DynamoDB. */
class Placeholders {
  readonly names: Record<string, string> = {};
  readonly values: Attributes = {};

  name(attribute: string): string {
    this.names[`#${attribute}`] = attribute;
    return `#${attribute}`;
  }

  value(role: string, attribute: string, value: Value): string {
    this.values[`:${role}_${attribute}`] = value;
    return `:${role}_${attribute}`;
  }
}

function conditionExpression(conditions: Condition[], use: Placeholders): string {
  return conditions
    .map((condition, index) =>
      Object.entries(condition)
        .map(([attribute, value]) =>
          value === null
            ? `attribute_not_exists(${use.name(attribute)})`
            : `${use.name(attribute)} = ${use.value(`if${index}`, attribute, value)}`,
        )
        .join(' AND '),
    )
    .map((all) => `(${all})`)
    .join(' OR ');
}

function updateExpression(write: Extract<Write, { update: Key }>, use: Placeholders): string {
  const clause = (word: string, parts: string[]): string[] =>
    parts.length === 0 ? [] : [`${word} ${parts.join(', ')}`];
  const each = <Value>(
    attributes: Record<string, Value> | undefined,
    format: (name: string, value: Value) => string,
  ) => Object.entries(attributes ?? {}).map(([name, value]) => format(name, value));
  return [
    ...clause('SET', [
      ...each(write.set, (name, value) => `${use.name(name)} = ${use.value('set', name, value)}`),
      ...each(
        write.setIfAbsent,
        (name, value) =>
          `${use.name(name)} = if_not_exists(${use.name(name)}, ${use.value('set', name, value)})`,
      ),
    ]),
    ...clause(
      'ADD',
      each(write.add, (name, value) => `${use.name(name)} ${use.value('add', name, value)}`),
    ),
    ...clause(
      'REMOVE',
      (write.remove ?? []).map((name) => use.name(name)),
    ),
  ].join(' ');
}

/** Translates one write for DynamoDB. */
export function toTransactItem(
  table: string,
  write: Write,
): TransactWriteItem & ({ Put: Put } | { Update: Update } | { Delete: Delete }) {
  const use = new Placeholders();
  const conditions = write.if === undefined ? [] : [write.if].flat();
  const UpdateExpression = 'update' in write ? updateExpression(write, use) : '';
  const ConditionExpression = conditions.length > 0 ? conditionExpression(conditions, use) : undefined;
  const target = {
    TableName: table,
    ...(ConditionExpression !== undefined && { ConditionExpression }),
    ...(Object.keys(use.names).length > 0 && { ExpressionAttributeNames: use.names }),
    ...(Object.keys(use.values).length > 0 && { ExpressionAttributeValues: marshall(use.values) }),
  };
  if ('delete' in write) return { Delete: { ...target, Key: marshall(write.delete) } };
  return 'put' in write
    ? { Put: { ...target, Item: marshall(write.put) } }
    : { Update: { ...target, Key: marshall(write.update), UpdateExpression } };
}
