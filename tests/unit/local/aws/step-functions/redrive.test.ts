import { expect, test } from '@jest/globals';
import { TaskFailure } from '../../../../../local/aws/step-functions/index.ts';
import {
  eventsOf,
  execute,
  lambdaTask,
  startStepFunctions,
  untilEnded,
} from '../../../../harness/states/in-memory-step-functions.ts';

// A redrive must repeat what failed, and only that.

const task = (fields: object) => ({
  Type: 'Task',
  Resource: lambdaTask,
  Arguments: '{% $states.input %}',
  ...fields,
});

test('continues in the state that failed, with a new count of retries', async () => {
  const calls: string[] = [];
  let broken = true;
  const { service } = startStepFunctions({
    run: ({ stateName }) => {
      calls.push(stateName);
      return stateName === 'Second' && broken
        ? Promise.reject(new TaskFailure('Broken', 'still'))
        : Promise.resolve(stateName);
    },
  });
  const executionArn = execute(service, {
    StartAt: 'First',
    States: {
      First: task({ Next: 'Second' }),
      Second: task({ Retry: [{ ErrorEquals: ['Broken'], MaxAttempts: 1 }], Next: 'Last' }),
      Last: {
        Type: 'Pass',
        Output: '{% [$states.input, $states.context.Execution.RedriveCount] %}',
        End: true,
      },
    },
  });
  expect((await untilEnded(service, executionArn)).status).toBe('FAILED');
  service.redriveExecution(executionArn);
  expect((await untilEnded(service, executionArn)).status).toBe('FAILED');
  broken = false;
  service.redriveExecution(executionArn);
  expect(await untilEnded(service, executionArn)).toMatchObject({
    status: 'SUCCEEDED',
    output: '["Second",2]',
    redrive_count: 2,
  });
  expect(calls).toEqual(['First', 'Second', 'Second', 'Second', 'Second', 'Second']);
  const types = eventsOf(service, executionArn).map(({ type }) => type);
  expect(types.filter((type) => type === 'ExecutionRedriven')).toHaveLength(2);
  expect(types.filter((type) => type === 'TaskStateEntered')).toHaveLength(2);
  expect(() => service.redriveExecution(executionArn)).toThrow('cannot be redriven');
});

test('an execution can be redriven for two weeks', async () => {
  const { service, clock } = startStepFunctions({ run: () => Promise.reject(new TaskFailure('Broken', '')) });
  const machine = { StartAt: 'First', States: { First: task({ End: true }) } };
  const executionArn = execute(service, machine);
  const { stopped } = await untilEnded(service, executionArn);
  await clock.sleepUntil((stopped ?? 0) + 14 * 86_400_000 + 1, new AbortController().signal);
  const execution = service.describeExecution(executionArn);
  expect(service.whyNotRedrivable(execution)).toBe('Execution redrivable period exceeded');
  expect(() => service.redriveExecution(executionArn)).toThrow('Execution redrivable period exceeded');
});

test('in a Map state, repeats only the iterations that did not succeed', async () => {
  const calls: unknown[] = [];
  let broken = true;
  const { service } = startStepFunctions({
    run: ({ arguments: item }) => {
      calls.push(item);
      return item === 2 && broken ? Promise.reject(new TaskFailure('Broken', '')) : Promise.resolve(item);
    },
  });
  const executionArn = execute(
    service,
    {
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          MaxConcurrency: 1,
          ItemProcessor: { StartAt: 'Item', States: { Item: task({ End: true }) } },
          End: true,
        },
      },
    },
    [1, 2, 3],
  );
  expect((await untilEnded(service, executionArn)).error).toBe('Broken');
  broken = false;
  service.redriveExecution(executionArn);
  expect(await untilEnded(service, executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '[1,2,3]' });
  expect(calls).toEqual([1, 2, 2, 3]);
});
