import { expect, test } from '@jest/globals';
import { TaskFailure } from '../../../../../local/aws/step-functions/index.ts';
import type { StatusChange, Task } from '../../../../../local/aws/step-functions/index.ts';
import {
  eventsOf,
  execute,
  oneTask,
  startStepFunctions,
  turnUntil,
  untilEnded,
} from '../../../../harness/states/in-memory-step-functions.ts';

// A cancelled job must stay cancelled: after StopExecution nothing more may happen.

/** Makes tasks that never end, and keeps what each received. */
function endlessTasks() {
  const tasks: Task[] = [];
  const run = (task: Task) => {
    tasks.push(task);
    return new Promise<never>((_, reject) => {
      task.signal.addEventListener('abort', () => {
        reject(new Error('deleted'));
      });
    });
  };
  return { tasks, run };
}

test('stopping aborts the running task, and no retry follows', async () => {
  const { tasks, run } = endlessTasks();
  const changes: StatusChange[] = [];
  const { service } = startStepFunctions({ run, onStatusChange: (change) => changes.push(change) });
  const executionArn = execute(service, oneTask({ Retry: [{ ErrorEquals: ['States.ALL'] }] }), { a: 1 });
  await turnUntil(() => tasks.length === 1);
  const { stopDate } = service.stopExecution({ executionArn, error: 'Cancelled', cause: 'by the user' });
  expect(tasks[0]?.signal.aborted).toBe(true);
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(service.describeExecution(executionArn)).toMatchObject({
    status: 'ABORTED',
    error: 'Cancelled',
    stopped: stopDate,
  });
  expect(eventsOf(service, executionArn).map(({ type }) => type)).toEqual([
    'ExecutionStarted',
    'TaskStateEntered',
    'TaskScheduled',
    'TaskStarted',
    'ExecutionAborted',
  ]);
  expect(tasks).toHaveLength(1);
  expect(changes).toMatchObject([
    { executionArn, status: 'ABORTED', input: '{"a":1}', output: null, error: 'Cancelled' },
  ]);
});

test('stopping between two tries ends the delay', async () => {
  let tries = 0;
  const { service, clock } = startStepFunctions({
    run: () => {
      tries++;
      return Promise.reject(new TaskFailure('Broken', ''));
    },
    clock: {
      now: () => 0,
      sleepUntil: (_due, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('stopped'));
          });
        }),
    },
  });
  const executionArn = execute(service, oneTask({ Retry: [{ ErrorEquals: ['States.ALL'] }] }));
  await turnUntil(
    () => tries === 1 && eventsOf(service, executionArn).some(({ type }) => type === 'TaskFailed'),
  );
  service.stopExecution({ executionArn });
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(tries).toBe(1);
  expect(service.describeExecution(executionArn).status).toBe('ABORTED');
  expect(clock.slept).toEqual([]);
});

test('stopping an execution that has ended changes nothing', async () => {
  const { service } = startStepFunctions();
  const executionArn = execute(service, oneTask());
  const { stopped } = await untilEnded(service, executionArn);
  expect(service.stopExecution({ executionArn }).stopDate).toBe(stopped);
  expect(service.describeExecution(executionArn).status).toBe('SUCCEEDED');
});

test('a task that takes too long is aborted, fails with States.Timeout and is retried', async () => {
  const { tasks, run } = endlessTasks();
  const { service, clock } = startStepFunctions({ run });
  const began = clock.now();
  const TimeoutSeconds = '{% $states.input.limit %}';
  const machine = oneTask({
    TimeoutSeconds,
    Retry: [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 1, IntervalSeconds: 10 }],
  });
  const executionArn = execute(service, machine, { limit: 30 });
  expect(await untilEnded(service, executionArn)).toMatchObject({
    status: 'FAILED',
    error: 'States.Timeout',
    cause: null,
  });
  expect(tasks.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  expect(clock.now() - began).toBe(70_000);
  expect(eventsOf(service, executionArn).filter(({ type }) => type === 'TaskTimedOut')).toHaveLength(2);
});

test('a state machine has its own time limit', async () => {
  const { tasks, run } = endlessTasks();
  const { service } = startStepFunctions({ run });
  const executionArn = execute(service, {
    ...oneTask({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Work' }] }),
    TimeoutSeconds: 5,
  });
  expect(await untilEnded(service, executionArn)).toMatchObject({ status: 'TIMED_OUT', output: null });
  expect(tasks[0]?.signal.aborted).toBe(true);
});

test('a machine in an endless loop ends at the limit of its history; others run in the meantime', async () => {
  const { service } = startStepFunctions();
  const executionArn = execute(service, {
    StartAt: 'A',
    States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } },
  });
  let turns = 0;
  await turnUntil(() => ++turns > 0 && service.describeExecution(executionArn).status !== 'RUNNING');
  expect(turns).toBeGreaterThan(10);
  expect(service.describeExecution(executionArn)).toMatchObject({
    status: 'FAILED',
    error: 'States.Runtime',
  });
});
