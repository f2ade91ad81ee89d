import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';
import { WaitingReason } from '../../../jobs/record.ts';

const root = join(import.meta.dirname, '..', '..', '..');

const Template = z.object({ Resources: z.record(z.string(), z.object({ Type: z.string() })).optional() });

/** Lists the logical ids of all resources of a type in resources/, sorted. */
const resourcesOf = (type: string): string[] =>
  readdirSync(join(root, 'resources'))
    .flatMap((file) => {
      const text = readFileSync(join(root, 'resources', file), 'utf8');
      // CloudFormation's tags become plain values: nothing here reads those values.
      return Object.entries(Template.parse(parse(text, { logLevel: 'silent' })).Resources ?? {});
    })
    .filter(([, { Type }]) => Type === type)
    .map(([id]) => id)
    .sort();

/** The text of each section, by its heading. */
const sections = new Map(
  readFileSync(join(root, 'docs', 'runbook.md'), 'utf8')
    .split(/^## /m)
    .map((section) => [section.slice(0, section.indexOf('\n')), section]),
);

const entriesOf = (section: string): string[] => (sections.get(section) ?? '').split(/^### /m).slice(1);

/** Lists what a section has an entry for, sorted. An entry's heading is "### `Name`: what it is". */
const namesIn = (section: string): string[] =>
  entriesOf(section)
    .map((entry) => /^`(\w+)`: /.exec(entry)?.[1] ?? entry)
    .sort();

test('the runbook has an entry for every alarm, and for nothing else', () => {
  const alarms = resourcesOf('AWS::CloudWatch::Alarm');
  expect(alarms.length).toBeGreaterThan(5);
  expect(namesIn('Alarms')).toEqual(alarms);
});

test('the runbook has an entry for every dead-letter queue, and for nothing else', () => {
  const queues = resourcesOf('AWS::SQS::Queue');
  expect(queues.length).toBeGreaterThan(1);
  expect(namesIn('Dead-letter queues')).toEqual(queues);
});

test('the runbook has an entry for every waiting reason, and for nothing else', () => {
  expect(namesIn('Waiting reasons')).toEqual([...WaitingReason.options].sort());
});

test('every entry says what it means, how to look closer and how to repair it', () => {
  const incomplete = ['Alarms', 'Dead-letter queues', 'Waiting reasons']
    .flatMap(entriesOf)
    .filter((entry) => !['**Means**', '**Look**', '**Repair**'].every((part) => entry.includes(part)));
  expect(incomplete).toEqual([]);
});
