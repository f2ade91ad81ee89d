import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTimestamp } from '../../../../../local/aws/step-functions/timestamp.ts';
import {
  eventsOf,
  execute,
  oneTask,
  startStepFunctions,
  untilEnded,
} from '../../../../harness/states/in-memory-step-functions.ts';

// What a field may hold is known only when its expression is evaluated: AWS fails the state then, and so must this.

const inner = { StartAt: 'Item', States: { Item: { Type: 'Pass', End: true } } };
const map = (fields: object) => ({
  StartAt: 'Each',
  States: { Each: { Type: 'Map', Items: [1], ItemProcessor: inner, End: true, ...fields } },
});
const wait = (fields: object) => ({
  StartAt: 'Rest',
  States: { Rest: { Type: 'Wait', End: true, ...fields } },
});

async function run(machine: object, input?: string) {
  const { service, clock } = startStepFunctions();
  const executionArn = execute(service, machine, input);
  const ended = await untilEnded(service, executionArn);
  const events = eventsOf(service, executionArn);
  service.close();
  return { ...ended, events, slept: clock.slept };
}

test.each<[string, object]>([
  [
    'TimeoutSeconds field must be an integer between 1 and 99999999 but was: 0',
    oneTask({ TimeoutSeconds: '{% 0 %}' }),
  ],
  ['HeartbeatSeconds field must be an integer between 1', oneTask({ HeartbeatSeconds: '{% 1.5 %}' })],
  [
    "field 'TimeoutSeconds' returned an unexpected result type. Expected 'number', but was 'string'",
    oneTask({ TimeoutSeconds: "{% '1' %}" }),
  ],
  ['MaxConcurrency field must be an integer between 0', map({ MaxConcurrency: '{% -1 %}' })],
  ['ToleratedFailureCount field must be an integer', map({ ToleratedFailureCount: '{% 0.5 %}' })],
  [
    'ToleratedFailurePercentage field must be a number between 0 and 100',
    map({ ToleratedFailurePercentage: '{% 101 %}' }),
  ],
  ['Seconds field must be an integer between 0 and 99999999 but was: -1', wait({ Seconds: '{% -1 %}' })],
  ['Timestamp field cannot be parsed', wait({ Timestamp: "{% '2026-02-30T00:00:00Z' %}" })],
])('%s', async (cause, machine) => {
  const ended = await run(machine);
  expect(ended).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  expect(ended.cause).toContain(cause);
  expect(ended.events.map(({ type }) => type)).toContain('EvaluationFailed');
});

describe('a timestamp', () => {
  test('is the moment that Date means by it, in whole seconds', () => {
    const offset = fc.constantFrom('Z', '+00:00', '+05:30', '-11:00');
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-02'), max: new Date('9998-01-01'), noInvalidDate: true }),
        offset,
        fc.constantFrom('', '.5', '.123456789'),
        (date, zone, fraction) => {
          const local = date.toISOString().slice(0, 19);
          expect(parseTimestamp(`${local}${fraction}${zone}`)).toBe(Date.parse(`${local}${zone}`));
        },
      ),
    );
  });

  test.each([
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-01-01t00:00:00z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:60Z',
    '2025-02-29T00:00:00Z',
    '',
  ])('is not %s', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  test('is waited for', async () => {
    const { slept } = await run(wait({ Timestamp: '2026-01-01T00:01:00.999Z' }));
    expect(slept).toEqual([60_000]);
  });
});

describe('variables', () => {
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
  // A text has two quotes more than characters.
  const whole = 262_142;

  test('may be 256 KiB in one Assign', async () => {
    expect((await run(assign(whole))).status).toBe('SUCCEEDED');
    expect(await run(assign(whole + 1))).toMatchObject({
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
    });
  });

  test('may be 10 MiB in all', async () => {
    expect((await run(assign(...Array<number>(40).fill(whole)))).status).toBe('SUCCEEDED');
    expect((await run(assign(...Array<number>(40).fill(whole), 1))).error).toBe('States.DataLimitExceeded');
  });

  test('of a branch are its own: it sees those around it, and nobody sees its', async () => {
    const { output } = await run({
      StartAt: 'Before',
      States: {
        Before: { Type: 'Pass', Assign: { outer: 1 }, Next: 'Each' },
        Each: {
          Type: 'Map',
          Items: [10, 20],
          ItemProcessor: {
            StartAt: 'Set',
            States: {
              Set: { Type: 'Pass', Assign: { own: '{% $outer + $states.input %}' }, Next: 'Get' },
              Get: { Type: 'Pass', Output: '{% $own %}', End: true },
            },
          },
          Assign: { sum: '{% $sum($states.result) %}' },
          Next: 'After',
        },
        After: { Type: 'Pass', Output: '{% [$sum, $outer, $exists($own)] %}', End: true },
      },
    });
    expect(output).toBe('[32,1,false]');
  });
});

test('the context object has the fields that AWS documents', async () => {
  const { output, arn, role_arn } = await run(
    map({ ItemSelector: '{% $states.context %}', Items: '{% [$states.input] %}' }),
    'seen',
  );
  const time = '2026-01-01T00:00:00Z';
  expect(JSON.parse(output ?? '')).toEqual([
    {
      Execution: { Id: arn, Input: 'seen', Name: 'one', RoleArn: role_arn, StartTime: time, RedriveCount: 0 },
      State: { Name: 'Each', EnteredTime: time, RetryCount: 0 },
      StateMachine: { Id: 'arn:aws:states:us-east-1:123456789012:stateMachine:machine', Name: 'machine' },
      Map: { Item: { Index: 0, Value: 'seen', Source: 'STATE_DATA' } },
    },
  ]);
});

// It is only made for expressions that may see it.
test.each<[string, string]>([
  ['$states.context.State.Name', '"Only"'],
  ['($s := $states; $s.context.State.Name)', '"Only"'],
  ['$states . context . State . Name & $states.input.name', '"Onlyx"'],
  ['$lookup($states, "context").State.Name', '"Only"'],
  ['$sort($keys($states))', '["context","input"]'],
])('the context object is seen by %s', async (source, expected) => {
  const Output = `{% ${source} %}`;
  const machine = { StartAt: 'Only', States: { Only: { Type: 'Pass', Output, End: true } } };
  const { service } = startStepFunctions();
  expect((await untilEnded(service, execute(service, machine, { name: 'x' }))).output).toBe(expected);
  service.close();
});
