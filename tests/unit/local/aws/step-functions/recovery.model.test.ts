import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TaskFailure } from '../../../../../local/aws/step-functions/index.ts';
import { VirtualClock } from '../../../../harness/virtual-clock.ts';
import {
  execute,
  oneTask,
  startStepFunctions,
  untilEnded,
} from '../../../../harness/states/in-memory-step-functions.ts';

// A second implementation of the developer guide's "Retrying after an error": each retrier has its own count and
// delays.

const names = ['A', 'B', 'C'];
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const rule = fc
  .record({
    IntervalSeconds: optional(fc.integer({ min: 1, max: 100 })),
    MaxAttempts: optional(fc.integer({ min: 0, max: 4 })),
    BackoffRate: optional(fc.double({ min: 1, max: 10, noNaN: true })),
    MaxDelaySeconds: optional(fc.integer({ min: 101, max: 500 })),
    JitterStrategy: optional(fc.constantFrom('FULL' as const, 'NONE' as const)),
  })
  // JSON leaves out the fields that are undefined.
  .map((fields) => JSON.parse(JSON.stringify(fields)) as Partial<typeof fields>);
type Rule = typeof rule extends fc.Arbitrary<infer Fields> ? Fields : never;

const retriers = fc
  .tuple(
    fc.array(fc.tuple(fc.subarray([...names, 'States.Timeout'], { minLength: 1 }), rule), { maxLength: 3 }),
    optional(
      fc.tuple(
        fc.constantFrom('States.ALL', 'States.TaskFailed').map((name) => [name]),
        rule,
      ),
    ),
  )
  .map(([some, last]) => [...some, ...(last === undefined ? [] : [last])]);

/** The end of each try: an error, or the state's time limit of one second. */
const failures = fc.array(fc.constantFrom(...names, 'States.Timeout'), { minLength: 20, maxLength: 20 });
const chances = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));

function matches(retrier: string, error: string): boolean {
  if (retrier === 'States.ALL') return true;
  return retrier === error || (retrier === 'States.TaskFailed' && error !== 'States.Timeout');
}

/** Calculates when each try begins, in milliseconds after the first. */
function model(rules: [string[], Rule][], errors: string[], chance: () => number): number[] {
  const counts = rules.map(() => 0);
  const begins = [0];
  for (const error of errors) {
    const index = rules.findIndex(([equals]) => equals.some((name) => matches(name, error)));
    const [, fields] = rules[index] ?? [[], { MaxAttempts: 0 }];
    const { IntervalSeconds = 1, MaxAttempts = 3, BackoffRate = 2, MaxDelaySeconds = Infinity } = fields;
    const count = counts[index] ?? 0;
    if (count >= MaxAttempts) break;
    counts[index] = count + 1;
    const full = Math.min(IntervalSeconds * BackoffRate ** count, MaxDelaySeconds) * 1000;
    const delay = fields.JitterStrategy === 'FULL' ? full * chance() : full;
    begins.push((begins.at(-1) ?? 0) + (error === 'States.Timeout' ? 1000 : 0) + delay);
  }
  return begins;
}

test('tries begin at the times of the model, for any retriers, errors and random values', async () => {
  await fc.assert(
    fc.asyncProperty(retriers, failures, chances, async (rules, errors, stream) => {
      const drawn: number[] = [];
      const clock = new VirtualClock();
      const begins: number[] = [];
      const { service } = startStepFunctions({
        clock,
        random: () => {
          const [next = 0] = stream.take(1);
          drawn.push(next);
          return next;
        },
        run: () => {
          const error = errors[begins.length] ?? 'A';
          begins.push(clock.now());
          return error === 'States.Timeout'
            ? new Promise<never>(() => undefined)
            : Promise.reject(new TaskFailure(error, ''));
        },
      });
      const Retry = rules.map(([ErrorEquals, fields]) => ({ ErrorEquals, ...fields }));
      await untilEnded(service, execute(service, oneTask({ Retry, TimeoutSeconds: 1 })));
      service.close();
      // The first random value is for the execution's seed.
      drawn.shift();
      const expected = model(rules, errors, () => drawn.shift() ?? NaN);
      expect(begins).toHaveLength(expected.length);
      for (const [index, begin] of begins.entries()) {
        // Each due time is a whole millisecond.
        expect(Math.abs(begin - (begins[0] ?? 0) - (expected[index] ?? NaN))).toBeLessThanOrEqual(index);
      }
    }),
    { numRuns: 100 },
  );
});

test('a Parallel state is retried with all its branches, after the same delays', async () => {
  const clock = new VirtualClock();
  const begins: number[] = [];
  const { service } = startStepFunctions({
    clock,
    run: () => {
      begins.push(clock.now());
      return Promise.reject(new TaskFailure('A', ''));
    },
  });
  const machine = {
    StartAt: 'Both',
    States: {
      Both: {
        Type: 'Parallel',
        Branches: [oneTask()],
        Retry: [{ ErrorEquals: ['A'], IntervalSeconds: 3, BackoffRate: 2, MaxAttempts: 2 }],
        End: true,
      },
    },
  };
  await untilEnded(service, execute(service, machine));
  service.close();
  expect(begins.map((begin) => begin - (begins[0] ?? 0))).toEqual([0, 3000, 9000]);
});

test('full jitter uses the whole range of the delay', async () => {
  const delays: number[] = [];
  for (let run = 0; run < 200; run++) {
    const clock = new VirtualClock();
    const { service } = startStepFunctions({
      clock,
      random: Math.random,
      run: () => Promise.reject(new TaskFailure('A', '')),
    });
    const Retry = [{ ErrorEquals: ['A'], IntervalSeconds: 10, MaxAttempts: 1, JitterStrategy: 'FULL' }];
    await untilEnded(service, execute(service, oneTask({ Retry })));
    delays.push(...clock.slept);
    service.close();
  }
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...delays)).toBeLessThanOrEqual(10_000);
  // In one of 10^10 such runs no delay would be near one of the ends.
  expect(Math.min(...delays)).toBeLessThan(1200);
  expect(Math.max(...delays)).toBeGreaterThan(8800);
});
