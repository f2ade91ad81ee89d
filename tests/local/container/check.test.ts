import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePorts } from '../../harness/running-service.ts';
import { Machine } from '../../harness/container/machine.ts';

// `data-processor check` on a table as it is deployed: the key it asks for must fit the table's schema, and what a
// service of its own says of a missing table must be understood. Everything else stands in data_processor/tests.
let machine: Machine;

beforeAll(async () => {
  machine = await Machine.start(await freePorts());
}, 600_000);
afterAll(() => machine.stop());

test('a table that is there can be read', async () => {
  expect(await machine.check()).toEqual({
    code: 0,
    output: `data-processor: table jobs at ${machine.endpoint} can be read\n`,
  });
});

test('a table that is not is missed by name', async () => {
  const { code, output } = await machine.check('job');
  expect(code).toBe(75);
  expect(output).toContain(`table job at ${machine.endpoint} cannot be read: it does not exist`);
  expect(output).toContain('TABLE_NAME');
});
