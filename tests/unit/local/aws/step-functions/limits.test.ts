import { expect, test } from '@jest/globals';
import {
  execute,
  startStepFunctions,
  untilEnded,
} from '../../../../harness/states/in-memory-step-functions.ts';

async function run(machine: object) {
  const { service } = startStepFunctions();
  const ended = await untilEnded(service, execute(service, machine));
  service.close();
  return ended;
}

/** A machine that assigns one variable of each size, a state for each. */
const assign = (...sizes: number[]) => ({
  StartAt: 'S0',
  States: Object.fromEntries(
    sizes.map((size, index) => [
      `S${index}`,
      {
        Type: 'Pass',
        Assign: { [`v${index}`]: `{% $pad('', ${size}, 'x') %}` },
        ...(index < sizes.length - 1 ? { Next: `S${index + 1}` } : { End: true }),
      },
    ]),
  ),
});
/** 256 KiB without the two quotes of a JSON text. */
const largest = 262_142;

test('variables may have 256 KiB in one Assign', async () => {
  expect((await run(assign(largest))).status).toBe('SUCCEEDED');
  expect(await run(assign(largest + 1))).toMatchObject({
    status: 'FAILED',
    error: 'States.DataLimitExceeded',
  });
});

test('variables may have 10 MiB in one execution', async () => {
  expect((await run(assign(...Array<number>(40).fill(largest)))).status).toBe('SUCCEEDED');
  expect((await run(assign(...Array<number>(40).fill(largest), 1))).error).toBe('States.DataLimitExceeded');
});
