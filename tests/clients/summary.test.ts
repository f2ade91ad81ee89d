import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { RunningService } from '../harness/running-service.ts';

/** Public data, summarised by pandas and DuckDB: the function must have the same results. */
const data = fileURLToPath(new URL('../../node_modules/vega-datasets/data', import.meta.url));
const python = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
const oracle = fileURLToPath(new URL('oracle.py', import.meta.url));

const Column = z.object({
  name: z.string(),
  kind: z.string().optional(),
  count: z.number(),
  nulls: z.number(),
  min: z.union([z.number(), z.string(), z.boolean()]).nullish(),
  max: z.union([z.number(), z.string(), z.boolean()]).nullish(),
  mean: z.number().nullish(),
  stddev: z.number().nullish(),
});
const Summary = z.object({ records: z.number(), columns: z.array(Column) });

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start({ arguments: ['--data-dir', data] });
});

afterAll(() => service.stop());

function expectSame(actual: z.infer<typeof Summary>, expected: z.infer<typeof Summary>): void {
  expect(actual.records).toBe(expected.records);
  expect(actual.columns.map(({ name }) => name)).toEqual(expected.columns.map(({ name }) => name));
  for (const [index, column] of expected.columns.entries()) {
    const { mean, stddev, min, max, ...exact } = column;
    const ours = actual.columns[index];
    expect(ours).toMatchObject(exact);
    expect({ column: column.name, min: ours?.min, max: ours?.max }).toEqual({
      column: column.name,
      min,
      max,
    });
    // Sums in another order differ in the last digits of a double.
    if (typeof mean === 'number') expect(ours?.mean).toBeCloseTo(mean, 9);
    if (typeof stddev === 'number') expect(ours?.stddev).toBeCloseTo(stddev, 9);
  }
}

// Left out: files with "NA" (pandas takes it for missing) or with text and numbers in one column (DuckDB has no
// `mixed`).
describe.each([
  'seattle-weather.csv',
  'sp500.csv',
  'stocks.csv',
  'iowa-electricity.csv',
  'us-employment.csv',
])('%s', (file) => {
  test.each(['pandas', 'duckdb'])('the function and %s agree', async (tool) => {
    const printed = execFileSync(python, [oracle, tool, join(data, file)], { encoding: 'utf8' });
    const expected = Summary.parse(JSON.parse(printed));
    const read = await service.ended(
      await service.post({ input: { source: 'file', path: file, format: 'csv' } }),
    );
    expectSame(Summary.parse(read.result), expected);
    const text = readFileSync(join(data, file), 'utf8');
    const inline = { source: 'inline', format: 'csv', data: text };
    if (Buffer.byteLength(JSON.stringify(JSON.stringify(inline))) > 230_000) return;
    const posted = await service.ended(await service.post({ input: inline }));
    expect(posted.result).toEqual(read.result);
  });
});
