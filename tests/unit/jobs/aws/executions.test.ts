import { SFNClient } from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import { StepFunctionsExecutions } from '../../../../jobs/aws/executions.ts';

const at = new Date('2026-11-23T10:00:00.000Z');
const eks = { resourceType: 'eks', resource: 'runJob.sync', region: 'eu-central-1' };
const parameters = '{"secret":1}';

/** Step Functions with this history. */
function executionsWith(events: object[], nextToken?: string): StepFunctionsExecutions {
  const client = new SFNClient({ region: 'us-east-1' });
  client.middlewareStack.add(
    () => () => Promise.resolve({ output: { events, nextToken, $metadata: {} }, response: undefined }),
    { step: 'initialize' },
  );
  return new StepFunctionsExecutions(client, 'arn:aws:states:eu-central-1:123456789012:stateMachine:run-job');
}

test('a history has the names, errors and causes of its events, and not their arguments', async () => {
  const executions = executionsWith([
    { id: 1, timestamp: at, type: 'ExecutionStarted', executionStartedEventDetails: { input: '{}' } },
    { id: 2, timestamp: at, type: 'TaskStateEntered', stateEnteredEventDetails: { name: 'RunJob' } },
    { id: 3, timestamp: at, type: 'TaskScheduled', taskScheduledEventDetails: { ...eks, parameters } },
    {
      id: 4,
      timestamp: at,
      type: 'TaskFailed',
      taskFailedEventDetails: { ...eks, error: 'States.TaskFailed', cause: 'x' },
    },
  ]);
  const time = at.toISOString();
  expect(await executions.history('arn')).toEqual({
    events: [
      { at: time, type: 'ExecutionStarted' },
      { at: time, type: 'TaskStateEntered', name: 'RunJob' },
      { at: time, type: 'TaskScheduled', resourceType: 'eks' },
      { at: time, type: 'TaskFailed', resourceType: 'eks', error: 'States.TaskFailed', cause: 'x' },
    ],
    truncated: false,
  });
});

test('a history of more than one page is truncated', async () => {
  expect(await executionsWith([], 'more').history('arn')).toEqual({ events: [], truncated: true });
});
