import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod';
import { toTransactItem } from '../../../jobs/aws/transact-item.ts';
import { JobId, registeredId } from '../../../jobs/ids.ts';
import type { Json } from '../../../local/aws/step-functions/json.ts';
import { golden } from '../../harness/golden.ts';
import { assigned, evaluate, machineWith, table, taskOf } from '../../harness/run-job-definition.ts';

const Put = z.strictObject({
  TableName: z.string(),
  Item: z.record(z.string(), z.record(z.string(), z.unknown())),
  ConditionExpression: z.string().optional(),
  ExpressionAttributeNames: z.record(z.string(), z.string()).optional(),
  ExpressionAttributeValues: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});
const Transaction = z.strictObject({ TransactItems: z.array(z.strictObject({ Put })) });

const written = golden.transactions.find(({ name }) => name === 'register');
if (!written) throw new Error('the golden transaction register is missing');
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

const register = async (
  start: string,
  more: Record<string, Json> = {},
): Promise<ReturnType<typeof meaningOf>[]> => {
  const moment = { input: { ...input, ...more } as Json, arn, startedAt: start };
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

  test('for a tick under its schedule and minute, whichever second and name its execution has', async () => {
    // EventBridge Scheduler delivers at least once, and both halves of a cron that is two schedules there may fire.
    for (const scheduleId of ['01jdd0000000000000000000aa', 'f'.repeat(32)]) {
      const jobId = `${scheduleId}-2026-11-23-1000`;
      expect(JobId.parse(jobId)).toBe(jobId);
      const asItself = await register(startedAt, { jobId });
      for (const second of ['00', '59']) {
        const time = `2026-11-23T10:00:${second}Z`;
        expect(await register(startedAt, { jobId: `${scheduleId}-${time}` })).toEqual(asItself);
        const { jobId: assignedId } = await assigned(machineWith(), {
          ...input,
          jobId: `${scheduleId}-${time}`,
        });
        expect(assignedId).toBe(jobId);
        expect(registeredId(`${scheduleId}-${time}`)).toBe(jobId);
      }
    }
  });

  test('under the id that settle and sweep read from the execution’s input, whatever it is', async () => {
    const [register] = [taskOf(machineWith(), 'Register').Assign];
    const piece = fc.constantFrom('T', 'Z', ':', '-', '10', '2026-11-23', 'T10:00:00Z', 'a', '$1', '\n');
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (jobId) => {
        const moment = { input: { ...input, jobId } };
        expect(await evaluate(register?.['jobId'], moment)).toBe(registeredId(jobId));
      }),
      { numRuns: 300 },
    );
  });

  test('in an open shard for each id, by the hash that every language has', async () => {
    for (const [jobId, shard] of Object.entries(golden.shards)) {
      const moment = { input: { ...input, jobId } };
      const value = await evaluate(taskOf(machineWith(), 'Register').Arguments, moment);
      const [job] = Transaction.parse(value).TransactItems;
      expect(job?.Put.Item['open']).toEqual({ S: `OPEN#${shard}` });
    }
  });

  test('with labels and resources as they were posted: none, one and many are each a map', async () => {
    const key = fc.stringMatching(/^[a-z0-9]([-a-z0-9_./]{0,20}[a-z0-9])?$/);
    const labels = fc.dictionary(key, fc.stringMatching(/^[A-Za-z0-9.]{0,20}$/), { maxKeys: 16 });
    const stored = (map: Record<string, string>) => ({
      M: Object.fromEntries(Object.entries(map).map(([name, text]) => [name, { S: text }])),
    });
    await fc.assert(
      fc.asyncProperty(
        labels,
        fc.constantFrom({}, { cpu: '2' }, { cpu: '1', memory: '1Gi' }),
        async (given, asked) => {
          const [job] = await register(startedAt, { labels: given, resources: asked });
          expect(job?.item).toMatchObject({ labels: stored(given), resources: stored(asked) });
        },
      ),
      {
        numRuns: 100,
        examples: [
          [{}, {}],
          [{ constructor: 'x', valueof: '' }, {}],
        ],
      },
    );
  });

  // EventBridge Scheduler's input has neither; the attributes are the same for every job.
  test('of a schedule with empty ones', async () => {
    const options = new Set(['labels', 'resources']);
    const rest = Object.fromEntries(Object.entries(input).filter(([name]) => !options.has(name)));
    const moment = { input: rest, arn, startedAt };
    const value = await evaluate(taskOf(machineWith(), 'Register').Arguments, moment);
    const [job] = Transaction.parse(value).TransactItems;
    expect(job?.Put.Item).toMatchObject({ labels: { M: {} }, resources: { M: {} } });
    expect(await assigned(machineWith(), rest)).toMatchObject({ resources: {} });
  });

  test('and its answer leaves no input behind: each later state would carry it', () => {
    const state = taskOf(machineWith(), 'Register');
    expect(state.Output).toEqual({});
    expect(state.Catch?.filter(({ Next }) => Next === 'Settle').map(({ Output }) => Output)).toEqual([{}]);
    expect(Object.keys(state.Assign ?? {})).not.toContain('input');
  });
});
