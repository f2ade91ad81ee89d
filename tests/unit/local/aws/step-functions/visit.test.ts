import { expect, test } from '@jest/globals';
import {
  eventsOf,
  execute,
  oneTask,
  startStepFunctions,
  untilEnded,
} from '../../../../harness/states/in-memory-step-functions.ts';

// The value of a field is known only when its expression is evaluated. AWS fails the state then, and so must this
// service.

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

test('a Wait state waits for its Timestamp, in whole seconds', async () => {
  const { slept } = await run(wait({ Timestamp: '2026-01-01T00:01:00.999Z' }));
  expect(slept).toEqual([60_000]);
});

test('variables of a branch are visible in it only; it sees those of the states around it', async () => {
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
            Set: { Type: 'Pass', Assign: { inner: '{% $outer + $states.input %}' }, Next: 'Get' },
            Get: { Type: 'Pass', Output: '{% $inner %}', End: true },
          },
        },
        Assign: { sum: '{% $sum($states.result) %}' },
        Next: 'After',
      },
      After: { Type: 'Pass', Output: '{% [$sum, $outer, $exists($inner)] %}', End: true },
    },
  });
  expect(output).toBe('[32,1,false]');
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

// It is only made for expressions that may use it.
test.each<[string, string]>([
  ['$states.context.State.Name', '"Only"'],
  ['($s := $states; $s.context.State.Name)', '"Only"'],
  ['$states . context . State . Name & $states.input.name', '"Onlyx"'],
  ['$lookup($states, "context").State.Name', '"Only"'],
  ['$sort($keys($states))', '["context","input"]'],
])('the context object is visible to %s', async (source, expected) => {
  const Output = `{% ${source} %}`;
  const machine = { StartAt: 'Only', States: { Only: { Type: 'Pass', Output, End: true } } };
  const { service } = startStepFunctions();
  expect((await untilEnded(service, execute(service, machine, { name: 'x' }))).output).toBe(expected);
  service.close();
});
