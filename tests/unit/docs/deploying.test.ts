import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';

const root = join(import.meta.dirname, '..', '..', '..');

const Resource = z.object({
  Type: z.string(),
  Properties: z
    .object({
      Metrics: z.array(z.object({ MetricStat: z.unknown().optional() })).optional(),
      MetricTransformations: z.array(z.unknown()).optional(),
    })
    .optional(),
});

const Template = z.object({ Resources: z.record(z.string(), Resource).optional() });

/** All resources of a type in resources/. */
const resourcesOf = (type: string): z.infer<typeof Resource>[] =>
  readdirSync(join(root, 'resources'))
    .flatMap((file) => {
      const text = readFileSync(join(root, 'resources', file), 'utf8');
      // CloudFormation's tags become plain values: nothing here reads those values.
      return Object.values(Template.parse(parse(text, { logLevel: 'silent' })).Resources ?? {});
    })
    .filter(({ Type }) => Type === type);

const text = readFileSync(join(root, 'docs', 'deploying.md'), 'utf8');

const freeMetrics = 10;

test('the idle cost counts the alarms and their metrics as they are deployed', () => {
  const alarms = resourcesOf('AWS::CloudWatch::Alarm');
  // An alarm has one metric, or an expression over several.
  const metrics = alarms
    .map(({ Properties }) => Properties?.Metrics?.filter(({ MetricStat }) => MetricStat !== undefined).length)
    .reduce<number>((sum, count = 1) => sum + count, 0);
  const price = `$${(Math.max(metrics - freeMetrics, 0) * 0.1).toFixed(2)}`;
  const row = /^\| (\d+) alarms with (\d+) metrics, (\d+) of them free +\| (\S+) +\| (\S+) +\|$/m.exec(text);
  expect(row?.slice(1)).toEqual([`${alarms.length}`, `${metrics}`, `${freeMetrics}`, price, price]);
});

test('the idle cost counts the custom metrics as they are deployed', () => {
  const custom = resourcesOf('AWS::Logs::MetricFilter').flatMap(
    ({ Properties }) => Properties?.MetricTransformations ?? [],
  );
  expect(custom.length).toBeLessThanOrEqual(freeMetrics);
  expect(/^\| (\d+) custom metrics?, (\d+) are free/m.exec(text)?.slice(1)).toEqual([
    `${custom.length}`,
    `${freeMetrics}`,
  ]);
});
