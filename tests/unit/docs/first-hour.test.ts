import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';
import type { Json } from '../../../local/aws/step-functions/json.ts';
import { evaluate, machineWith, table, taskOf } from '../../harness/run-job-definition.ts';

const text = readFileSync(new URL('../../../docs/first-hour.md', import.meta.url), 'utf8');
const block = /```yaml\n(?<yaml>TransactItems:.*?)```/s.exec(text)?.groups?.['yaml'] ?? '';
const repaired = parse(block.replaceAll('#{JobsTable}', table)) as Json;

const job = { jobId: '01jdd0000000000000000000aa', owner: 'ann', origin: 'api', input: '{"n":1}' };
const options = { maxAttempts: 3, timeoutSeconds: 3600 };

const Transaction = z.looseObject({
  TransactItems: z.array(
    z.looseObject({ Put: z.looseObject({ Item: z.record(z.string(), z.record(z.string(), z.json())) }) }),
  ),
});

test.each<[string, Record<string, Json>]>([
  ['without labels and resources', {}],
  ['with empty ones', { labels: {}, resources: {} }],
  ['with labels', { labels: { team: 'red', site: 'north' }, retryOf: '01jdd0000000000000000000bb' }],
  ['with both', { labels: { team: 'red' }, resources: { cpu: '1', memory: '1Gi' } }],
  ['of a firing', { jobId: '01jdd0000000000000000000aa-2026-11-30T06:00:00Z', origin: 'schedule' }],
])('the repair writes a job %s as the state machine does, without empty maps', async (_case, fields) => {
  const moment = { input: { ...job, ...options, ...fields } };
  const usual = Transaction.parse(await evaluate(taskOf(machineWith(), 'Register').Arguments, moment));
  for (const { Put } of usual.TransactItems) {
    Put.Item = Object.fromEntries(
      Object.entries(Put.Item).filter(([, value]) => JSON.stringify(value) !== '{"M":{}}'),
    );
  }
  expect(await evaluate(repaired, moment)).toEqual(usual);
});
