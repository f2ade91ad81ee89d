import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { toTransactItem } from '../../../jobs/write.ts';
import type { Json } from '../../../local/step-functions/json.ts';
import { golden } from '../jobs/golden.ts';
import { evaluate, machineWith, table, taskOf } from './definition.ts';

const Put = z.strictObject({
  TableName: z.string(),
  Item: z.record(z.string(), z.record(z.string(), z.unknown())),
  ConditionExpression: z.string().optional(),
  ExpressionAttributeNames: z.record(z.string(), z.string()).optional(),
  ExpressionAttributeValues: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});
const Transaction = z.strictObject({ TransactItems: z.array(z.strictObject({ Put })) });

const written = golden.transactions.find(({ name }) => name === 'register');
if (!written) throw new Error('there is no golden transaction named register');
const { execution, input } = z
  .object({ execution: z.string(), input: z.record(z.string(), z.json()) })
  .parse(written.arguments);
const [arn = '', startedAt = ''] = execution.split('@');

/** Two languages name placeholders differently: what counts is which of the alternatives must hold. */
function meaningOf(put: z.infer<typeof Put>) {
  const { ConditionExpression = '', ExpressionAttributeNames = {}, ExpressionAttributeValues = {} } = put;
  const spelled = ConditionExpression.replace(
    /[#:]\w+/g,
    (placeholder) =>
      ExpressionAttributeNames[placeholder] ?? JSON.stringify(ExpressionAttributeValues[placeholder]),
  );
  const withoutParentheses = (term: string): string => term.trim().replace(/^\((.*)\)$/, '$1');
  return {
    table: put.TableName,
    item: put.Item,
    condition: spelled
      .split(' OR ')
      .map((term) => withoutParentheses(term).split(' AND ').sort())
      .sort(),
  };
}

const register = async (start: string): Promise<ReturnType<typeof meaningOf>[]> => {
  const moment = { input: input as Json, arn, startedAt: start };
  const value = await evaluate(taskOf(machineWith(), 'Register').Arguments, moment);
  return Transaction.parse(value).TransactItems.map(({ Put: put }) => meaningOf(put));
};

const expected = z
  .array(z.strictObject({ Put }))
  .parse(written.writes.map((write) => toTransactItem(table, write)))
  .map(({ Put: put }) => meaningOf(put));

describe('Register writes what jobs/protocol.golden.json says', () => {
  test('whether AWS shows a start at a full second with its milliseconds or without', async () => {
    expect(await register(startedAt)).toEqual(expected);
    expect(await register(startedAt.replace('.000Z', 'Z'))).toEqual(expected);
  });

  test('in an open shard for each id, by the hash that every language has', async () => {
    for (const [jobId, shard] of Object.entries(golden.shards)) {
      const moment = { input: { ...input, jobId } };
      const value = await evaluate(taskOf(machineWith(), 'Register').Arguments, moment);
      const [job] = Transaction.parse(value).TransactItems;
      expect(job?.Put.Item['open']).toEqual({ S: `OPEN#${shard}` });
    }
  });

  test('and its answer leaves no input behind: each later state would carry it', () => {
    const state = taskOf(machineWith(), 'Register');
    expect(state.Output).toEqual({});
    expect(state.Catch?.filter(({ Next }) => Next === 'Settle').map(({ Output }) => Output)).toEqual([{}]);
    expect(Object.keys(state.Assign ?? {})).not.toContain('input');
  });
});
