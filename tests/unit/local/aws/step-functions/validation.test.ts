import { describe, expect, test } from '@jest/globals';
import {
  lambdaTask,
  oneTask,
  startStepFunctions,
} from '../../../../harness/states/in-memory-step-functions.ts';

// An error in the state machine must be found here as on AWS, and the message must name a feature that is not
// supported.

const { service } = startStepFunctions();
const create = (machine: object) => () =>
  service.machines.create({ name: 'machine', definition: JSON.stringify(machine), roleArn: 'role' });
const jsonata = (machine: object) => ({ QueryLanguage: 'JSONata', ...machine });
const only = (state: object) => jsonata({ StartAt: 'Only', States: { Only: state } });
const inner = { StartAt: 'A', States: { A: { Type: 'Pass', End: true } } };

describe('an unsupported feature is rejected; the message names state and feature', () => {
  test.each<[string, object, RegExp]>([
    ['JSONPath', oneTask(), /JSONPath states.* at \/States\/Work/],
    [
      'an activity',
      jsonata(oneTask({ Resource: 'arn:aws:states:us-east-1:1:activity:a' })),
      /activities.* at \/States\/Work/,
    ],
    [
      'a task token',
      jsonata(oneTask({ Resource: `${lambdaTask}.waitForTaskToken` })),
      /\.waitForTaskToken.* at \/States\/Work/,
    ],
    [
      'an unknown integration',
      jsonata(oneTask({ Resource: 'arn:aws:states:::unknown:call' })),
      /unknown:call.* at \/States\/Work/,
    ],
    [
      'a distributed Map',
      only({ Type: 'Map', ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, ...inner }, End: true }),
      /distributed Map.* at \/States\/Only/,
    ],
    [
      'JSONPath inside a branch',
      only({
        Type: 'Parallel',
        Branches: [{ StartAt: 'A', States: { A: { Type: 'Pass', QueryLanguage: 'JSONPath', End: true } } }],
        End: true,
      }),
      /JSONPath states.* at \/States\/Only\/Branches\[0\]\/States\/A/,
    ],
  ])('%s', (_, machine, message) => {
    expect(create(machine)).toThrow(message);
  });
});

describe('an invalid definition is rejected', () => {
  test.each<[string, object, RegExp]>([
    [
      'a missing state',
      jsonata({ StartAt: 'B', ...{ States: inner.States } }),
      /MISSING_TRANSITION_TARGET.* B at \/StartAt/,
    ],
    [
      'a catcher that leads nowhere',
      jsonata(oneTask({ Catch: [{ ErrorEquals: ['A'], Next: 'X' }] })),
      /X at \/States\/Work\/Catch\[0\]\/Next/,
    ],
    ['neither Next nor End', only({ Type: 'Pass' }), /exactly one of 'Next' and 'End'/],
    [
      'both Seconds and Timestamp',
      only({ Type: 'Wait', Seconds: 1, Timestamp: '{% $x %}', End: true }),
      /exactly one of 'Seconds'/,
    ],
    [
      'a JSONPath field',
      only({ Type: 'Pass', ResultPath: '$', End: true }),
      /SCHEMA_VALIDATION_FAILED.*ResultPath.* at \/States\/Only/,
    ],
    [
      'States.ALL among others',
      jsonata(oneTask({ Retry: [{ ErrorEquals: ['States.ALL', 'A'] }] })),
      /must stand alone/,
    ],
    [
      'States.ALL not last',
      jsonata(oneTask({ Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['A'] }] })),
      /last entry of Retry/,
    ],
    [
      'an expression with a syntax error',
      jsonata(oneTask({ Arguments: { a: ['{% 1 + %}'] } })),
      /INVALID_JSONATA.* at \/States\/Work\/Arguments\/a\[0\]/,
    ],
    [
      'a heartbeat slower than the limit',
      jsonata(oneTask({ TimeoutSeconds: 5, HeartbeatSeconds: 5 })),
      /HeartbeatSeconds/,
    ],
    [
      'an expression without its end',
      jsonata(oneTask({ Arguments: '{% 1' })),
      /begin with \{% and end with %\}.* at \/States\/Work\/Arguments/,
    ],
    [
      'the result of a task before it exists',
      jsonata(oneTask({ Arguments: '{% $map([1], function($v) { $states.result[0].x }) %}' })),
      /\$states\.result is only accessible/,
    ],
    [
      'the result of a state without one',
      only({ Type: 'Pass', Output: '{% $states.result %}', End: true }),
      /\$states\.result is only accessible/,
    ],
    [
      'the error outside of Catch',
      jsonata(oneTask({ Output: '{% $states.errorOutput.Error %}' })),
      /\$states\.errorOutput is only accessible/,
    ],
    [
      'an invalid time',
      only({ Type: 'Wait', Timestamp: '2026-02-30T00:00:00Z', End: true }),
      /RFC 3339.* at \/States\/Only\/Timestamp/,
    ],
    ['an assignment to $states', only({ Type: 'Pass', Assign: { states: 1 }, End: true }), /Assign/],
  ])('%s', (_, machine, message) => {
    expect(create(machine)).toThrow(message);
  });
});

test('the result and the error of a task are accessible in the fields that AWS documents', () => {
  const leaving = { Assign: { x: '{% $states.errorOutput %}' }, Output: { y: '{% $states.errorOutput %}' } };
  const machine = jsonata({
    StartAt: 'Work',
    States: {
      Work: {
        Type: 'Task',
        Resource: lambdaTask,
        Assign: { x: '{% $states.result %}' },
        Output: ['{% $states.result.y %}', ' {% not an expression %} '],
        Catch: [{ ErrorEquals: ['A'], Next: 'Done', ...leaving }],
        Next: 'Done',
      },
      Done: { Type: 'Succeed' },
    },
  });
  expect(create(machine)).not.toThrow();
});
