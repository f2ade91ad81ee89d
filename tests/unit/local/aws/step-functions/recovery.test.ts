import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TaskFailure } from '../../../../../local/aws/step-functions/index.ts';
import { retryDelay } from '../../../../../local/aws/step-functions/recovery.ts';
import {
  eventsOf,
  execute,
  oneTask,
  startStepFunctions,
  untilEnded,
} from '../../../../harness/states/in-memory-step-functions.ts';

// A job has three tries with delays between them: the state machine must keep to both.

const retrier = fc.record({
  ErrorEquals: fc.constant<string[]>(['States.ALL']),
  IntervalSeconds: fc.integer({ min: 1, max: 100 }),
  MaxAttempts: fc.integer({ min: 0, max: 6 }),
  BackoffRate: fc.double({ min: 1, max: 4, noNaN: true }),
  MaxDelaySeconds: fc.integer({ min: 101, max: 1000 }),
  JitterStrategy: fc.constantFrom('FULL' as const, 'NONE' as const),
});

describe('the delay before a retry', () => {
  test('grows by the rate up to the maximum, and full jitter is between zero and that', () => {
    fc.assert(
      fc.property(
        retrier,
        fc.nat(5),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (rule, count, chance) => {
          const full =
            1000 * Math.min(rule.IntervalSeconds * rule.BackoffRate ** count, rule.MaxDelaySeconds);
          const delay = retryDelay(rule, count, () => chance);
          expect(delay).toBeCloseTo(rule.JitterStrategy === 'NONE' ? full : full * chance, 3);
        },
      ),
    );
  });

  test('is the time between two tries', async () => {
    await fc.assert(
      fc.asyncProperty(retrier, async (rule) => {
        const times: number[] = [];
        const { service, clock } = startStepFunctions({
          run: () => {
            times.push(clock.now());
            return Promise.reject(new TaskFailure('Broken', 'always'));
          },
        });
        const { status, error } = await untilEnded(service, execute(service, oneTask({ Retry: [rule] })));
        expect({ status, error, tries: times.length }).toEqual({
          status: 'FAILED',
          error: 'Broken',
          tries: rule.MaxAttempts + 1,
        });
        for (const [index, time] of times.slice(1).entries()) {
          // The random value of the harness is always 0.5.
          const delay = retryDelay(rule, index, () => 0.5);
          expect(Math.abs(time - (times[index] ?? 0) - delay)).toBeLessThan(1);
        }
        service.close();
      }),
      { numRuns: 50 },
    );
  });
});

test('two retriers count their attempts separately, in any order of errors', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(3),
      fc.nat(3),
      fc.array(fc.constantFrom('A', 'B'), { minLength: 8, maxLength: 8 }),
      async (maxA, maxB, errors) => {
        let tries = 0;
        const { service } = startStepFunctions({
          run: () => Promise.reject(new TaskFailure(errors[tries++] ?? 'A', '')),
        });
        const Retry = [
          { ErrorEquals: ['A'], MaxAttempts: maxA },
          { ErrorEquals: ['B'], MaxAttempts: maxB },
        ];
        await untilEnded(service, execute(service, oneTask({ Retry })));
        const left = { A: maxA, B: maxB };
        const expected = errors.findIndex((error) => left[error]-- === 0) + 1;
        expect(tries).toBe(expected);
        service.close();
      },
    ),
    { numRuns: 50 },
  );
});

test('arguments are evaluated anew for each try and see the number of retries', async () => {
  const seen: unknown[] = [];
  const { service } = startStepFunctions({
    run: (task) => {
      seen.push(task.arguments);
      return seen.length < 3 ? Promise.reject(new TaskFailure('Broken', '')) : Promise.resolve('done');
    },
  });
  const Arguments = { try: '{% $states.context.State.RetryCount %}' };
  const machine = oneTask({ Arguments, Retry: [{ ErrorEquals: ['States.TaskFailed'] }] });
  await untilEnded(service, execute(service, machine));
  expect(seen).toEqual([{ try: 0 }, { try: 1 }, { try: 2 }]);
});

test('States.ALL neither retries nor catches a payload that is too large', async () => {
  const { service } = startStepFunctions({ run: () => Promise.resolve('x'.repeat(262_144)) });
  const machine = {
    StartAt: 'Work',
    States: {
      ...(oneTask() as { States: Record<string, object> }).States,
      Work: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Retry: [{ ErrorEquals: ['States.ALL'] }],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
        End: true,
      },
      Caught: { Type: 'Succeed' },
    },
  };
  const executionArn = execute(service, machine);
  expect(await untilEnded(service, executionArn)).toMatchObject({
    status: 'FAILED',
    error: 'States.DataLimitExceeded',
  });
  expect(eventsOf(service, executionArn).filter(({ type }) => type === 'TaskScheduled')).toHaveLength(1);
});

test('a failing Output can be caught by its error name; the error is the input of the next state', async () => {
  const { service } = startStepFunctions({ run: () => Promise.resolve({ verdict: 'LOST' }) });
  const machine = {
    StartAt: 'Work',
    States: {
      Work: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Arguments: {},
        Output: '{% $error($states.result.verdict & " badly") %}',
        Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'Failed' }],
        End: true,
      },
      Failed: {
        Type: 'Fail',
        Error: 'JobFailed',
        Cause: "{% $substringAfter($states.input.Cause, 'D3137: ') %}",
      },
    },
  };
  const ended = await untilEnded(service, execute(service, machine));
  expect(ended).toMatchObject({ status: 'FAILED', error: 'JobFailed', cause: 'LOST badly' });
});

// run-job continues the numbers of its attempts from this count.
test('the Assign and Output of a catcher see how often the state was retried', async () => {
  const { service } = startStepFunctions({ run: () => Promise.reject(new TaskFailure('Broken', 'always')) });
  const retries = '{% $states.context.State.RetryCount %}';
  const machine = {
    StartAt: 'Work',
    States: {
      Work: {
        ...{ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: {}, Next: 'Show' },
        Retry: [
          { ErrorEquals: ['Other'], MaxAttempts: 0 },
          { ErrorEquals: ['States.ALL'], MaxAttempts: 2 },
        ],
        Catch: [{ ErrorEquals: ['Broken'], Assign: { retries }, Output: { retries }, Next: 'Show' }],
      },
      Show: {
        Type: 'Pass',
        Output: { assigned: '{% $retries %}', output: '{% $states.input.retries %}' },
        End: true,
      },
    },
  };
  const { output } = await untilEnded(service, execute(service, machine));
  expect(JSON.parse(output ?? '')).toEqual({ assigned: 2, output: 2 });
  service.close();
});
