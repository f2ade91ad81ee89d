import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { acceptJob } from '../../../api/job-request.ts';
import { PayloadTooLarge } from '../../../jobs/errors.ts';
import { maximumExecutionInputBytes } from '../../../jobs/execution-input.ts';
import type { Json } from '../../../local/aws/step-functions/json.ts';
import { assigned, evaluate, machineWith, taskOf } from '../../harness/run-job-definition.ts';

/** Step Functions refuses a state's arguments above this: the job would be lost after its 202. */
const payloadLimit = 262_144;

const longestId = 'z'.repeat(48);
const machine = machineWith();

/** What grows on its way: quotes and backslashes, JSON in JSON in JSON, characters of up to four bytes, lone surrogates. */
const quoted = fc
  .tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }), fc.integer({ min: 0, max: 4 }))
  .map(([text, depth]) =>
    Array.from({ length: depth }).reduce<string>((inner) => JSON.stringify(inner), text),
  );
const unit = fc.oneof(
  fc.constantFrom(
    '"',
    '\\',
    '\\"',
    '\u0000',
    '\u007f',
    '\u2028',
    'é',
    '漢',
    '😀',
    '\ud800',
    '</script>',
    '/',
  ),
  fc.string({ minLength: 1, maxLength: 16 }),
  quoted,
);

const shapes: Record<string, (unit: string, times: number) => unknown> = {
  text: (text, times) => ({ data: text.repeat(times) }),
  list: (text, times) => ({ data: Array.from({ length: times }, () => text) }),
  keys: (text, times) =>
    Object.fromEntries(
      Array.from({ length: times }, (_, index) => [`${text}${String(index).padStart(6, '0')}`, true]),
    ),
};

function accepted(input: unknown, owner: string): string | undefined {
  try {
    return acceptJob(JSON.stringify({ input }), longestId, owner, { cpu: '4', memory: '8Gi' });
  } catch (error) {
    if (error instanceof PayloadTooLarge) return undefined;
    throw error;
  }
}

/** An input of this shape close to the largest accepted one: its size grows about linearly. */
function nearlyLargest(input: (times: number) => unknown, owner: string): string {
  const bytes = (times: number): number => Buffer.byteLength(accepted(input(times), owner) ?? '');
  const [empty, sample] = [bytes(0), bytes(100)];
  let times = Math.ceil(((maximumExecutionInputBytes - empty) * 100) / (sample - empty));
  for (;;) {
    const text = accepted(input(times), owner);
    if (text !== undefined) return text;
    times = Math.floor(times * 0.999);
  }
}

const bytesOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value));

test('an accepted body never exceeds 256 KiB in any state’s arguments', async () => {
  let fullest = 0;
  await fc.assert(
    fc.asyncProperty(
      unit,
      fc.constantFrom(...Object.keys(shapes)),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 128 }),
      async (text, shape, owner) => {
        const execution = nearlyLargest((times) => shapes[shape]?.(text, times), owner);
        const input = JSON.parse(execution) as Json;
        expect(Buffer.byteLength(execution)).toBeLessThanOrEqual(maximumExecutionInputBytes);
        const register = bytesOf(await evaluate(taskOf(machine, 'Register').Arguments, { input }));
        fullest = Math.max(fullest, register);
        expect(register).toBeLessThanOrEqual(payloadLimit);
        const variables = await assigned(machine, input);
        for (const name of ['RunJob', 'Settle']) {
          const moment = { variables, redriveCount: 999, retryCount: 2 };
          expect(bytesOf(await evaluate(taskOf(machine, name).Arguments, moment))).toBeLessThan(10_000);
        }
      },
    ),
    { numRuns: 20, examples: [['"', 'text', 'alice']] },
  );
  // Otherwise nothing near the limit was tried.
  expect(fullest).toBeGreaterThan(0.98 * maximumExecutionInputBytes);
}, 30_000);
