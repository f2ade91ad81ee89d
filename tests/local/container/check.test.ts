import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePorts } from '../../harness/running-service.ts';
import { Machine } from '../../harness/container/machine.ts';

// `data-processor check` on the table of `npm start`: the key that it reads must fit the schema of the table, and the
// service's own error of a missing table must be recognised. data_processor/runtime/tests tests the rest.
let machine: Machine;

beforeAll(async () => {
  machine = await Machine.start(await freePorts());
}, 600_000);
afterAll(() => machine.stop());

test('an existing table can be read', async () => {
  expect(await machine.check()).toEqual({
    code: 0,
    output: `data-processor: table jobs at ${machine.endpoint} can be read\n`,
  });
});

test('a missing table is reported with its name', async () => {
  const { code, output } = await machine.check('job');
  expect(code).toBe(75);
  expect(output).toContain(`table job at ${machine.endpoint} cannot be read: it does not exist`);
  expect(output).toContain('TABLE_NAME');
});
