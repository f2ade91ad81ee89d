/**
 * The accounting protocol (docs/accounting.md) as a small exhaustive model: one job, the state machine's three tries, one
 * more execution of the same job, one cancel, and everything that can go wrong, four times. After a failed submission the
 * state machine has three tries again. It tries every order of all steps
 * of containers, Settle, sweep, cancel and state machine; each of them reads, decides and writes on condition, in separate
 * steps. The model shows that the protocol is right. That the code follows the protocol is shown by the golden transactions
 * and by the tests with real processes.
 *
 * A trace has one step a line, from the 202 on; a line that begins with ! is a fault. The number is the try (for pods and
 * RunJob) or the execution: 0 is named after the job, 1 is another for the same job id (a firing that is delivered twice).
 * "reads, decides to start" has read the record and decided on a transaction; "writes start" applies that transaction.
 * A write that is rejected is not in the trace: its writer reads again. A pod that was "cut off" or whose RunJob was stopped
 * is old from then on: it continues to write, but its exit code has no effect.
 *
 * Each guard of the protocol can be removed (guards.ts). This prints the traces of what happens then:
 *   PROTOCOL_TRACES=1 node --experimental-vm-modules node_modules/jest/bin/jest.js tests/unit/protocol
 */
import { describe, expect, test } from '@jest/globals';
import { explore, findCircle, type Violation } from './explore.ts';
import { type Guard, guardRules, type Protocol, protocolWithout } from './guards.ts';

const faultLimit = 4;
/** In milliseconds. There are some million states, and a slow machine shares its cores with other tests. */
const timeout = 600_000;

function storyOf(violation: Violation | null): string {
  if (violation === null) return 'no violation';
  const { problem, faults, trace } = violation;
  return [`${problem} (${faults} faults, ${trace.length} steps)`, ...trace].join('\n  ');
}

describe('the protocol as designed', () => {
  test.each([1, 2, 3])(
    'holds with maxAttempts %i and four faults',
    (maxAttempts) => {
      const { states, ends, violation } = explore(protocolWithout([]), maxAttempts, faultLimit);
      expect(storyOf(violation)).toBe('no violation');
      // Fewer would mean that the model no longer tries something.
      expect(states).toBeGreaterThan(400_000);
      expect(ends).toBeGreaterThan(1000);
    },
    timeout,
  );

  test(
    'holds when the job and its attempts are read one after the other, in either order',
    () => {
      expect(storyOf(explore(protocolWithout([], 'apart'), 2, 2).violation)).toBe('no violation');
    },
    timeout,
  );

  // AWS documents State.RetryCount, but not whether Catch sees it. If it is 0 there, attempt numbers repeat.
  test(
    'holds whether or not the Catch of RunJob sees how often RunJob was retried',
    () => {
      for (const maxAttempts of [1, 2, 3]) {
        expect(storyOf(explore(protocolWithout([], 'together', false), maxAttempts, 3).violation)).toBe(
          'no violation',
        );
      }
    },
    timeout,
  );

  test('is tried with every step that the model has', () => {
    const taken = new Set<string>();
    for (const maxAttempts of [1, 3])
      explore(protocolWithout([]), maxAttempts, 2, (label) => taken.add(label));
    expect([...taken]).toEqual(expect.arrayContaining(requiredSteps));
  });

  test('always ends: only a heartbeat can be repeated without a fault', () => {
    expect(findCircle(protocolWithout([]), 3, 2)).toBeNull();
    expect(findCircle(protocolWithout([], 'apart'), 3, 1)).toBeNull();
  });
});

/** Steps that a mistake in the model could make impossible while all tests pass. */
const requiredSteps = [
  'Register of execution # is rejected',
  'the cluster does not accept the Job of try #',
  'the cluster does not accept the Job of try # for hours',
  'RunJob # fails as if the cluster had not accepted its Job, which lives on',
  'pod of try #: writes start, the response is lost',
  'pod of try #: reads that the attempt is its own',
  'pod of try #: writes takeOver',
  'pod of try #: writes tooOften',
  'pod of try #: writes beyondLast',
  'pod of try #: records RunTimedOut',
  'old pod of try #: vanishes',
  'Settle (machine) of execution #: the job of another execution, nothing to do',
  'Settle (machine) of execution #: writes',
  'Settle (machine) of execution #: the history is behind',
  'Settle (event) of execution #: writes',
  'Settle (sweep) of execution #: writes',
  'Settle (sweep) of execution #: reads that the job has ended',
  'sweep stops execution #',
  'sweep finds execution # without a record',
  'cancel: crashes before StopExecution',
];

interface Danger {
  readonly maxAttempts?: number;
  readonly reads?: Protocol['reads'];
  readonly faults: number;
  readonly steps: number;
  readonly problem: string;
}

/** What happens without each guard: the shortest trace with the fewest faults, with three attempts by default. */
const dangers: readonly (readonly [Guard, Danger])[] = [
  ['registerNotExists', { faults: 1, steps: 7, problem: 'the job was SUCCEEDED and became QUEUED' }],
  ['registerOwnRetry', { faults: 1, steps: 5, problem: 'the job FAILED after 0 of 3 attempts' }],
  ['registerOnlyQueued', { faults: 1, steps: 4, problem: 'the job was CANCELLED and became QUEUED' }],
  ['fenceStatus', { faults: 1, steps: 7, problem: 'the job was CANCELLED and became RUNNING' }],
  ['attemptOpen', { faults: 1, steps: 8, problem: 'failedJob 1 for 0' }],
  ['startTerminal', { faults: 1, steps: 9, problem: 'the job was SUCCEEDED and became RUNNING' }],
  ['startStale', { faults: 1, steps: 6, problem: 'the job stays RUNNING' }],
  ['startClosesRunning', { faults: 1, steps: 12, problem: 'an attempt stays RUNNING' }],
  ['startClosesMissing', { faults: 1, steps: 5, problem: 'an attempt is missing below another' }],
  ['startBeyondLast', { maxAttempts: 2, faults: 1, steps: 10, problem: 'an attempt beyond maxAttempts' }],
  ['beyondLastCap', { maxAttempts: 1, faults: 2, steps: 6, problem: 'an attempt beyond maxAttempts' }],
  ['retryForMissing', { faults: 1, steps: 14, problem: 'jobRetry 1 for 2' }],
  ['takeOver', { faults: 1, steps: 19, problem: 'an attempt was counted as failed without a reason' }],
  ['takeOverCountsNothing', { faults: 1, steps: 7, problem: 'jobRetry 1 for 0' }],
  ['seenHeartbeat', { faults: 1, steps: 8, problem: 'a runner with a heartbeat lost its attempt' }],
  ['interruptionLimit', { faults: 2, steps: 10, problem: 'an attempt is interrupted without limit' }],
  [
    'submissionNotCounted',
    { faults: 1, steps: 5, problem: 'an attempt was counted as failed without a reason' },
  ],
  [
    'settleSkipsSubmissions',
    { faults: 1, steps: 4, problem: 'an attempt was counted as failed without a reason' },
  ],
  [
    'settleAwaitsHistory',
    { faults: 2, steps: 4, problem: 'an attempt was counted as failed without a reason' },
  ],
  ['settleClosesRecorded', { faults: 2, steps: 9, problem: 'an attempt stays RUNNING' }],
  ['lastVerdict', { faults: 0, steps: 15, problem: 'the last attempt failed and the job continues' }],
  ['finishReadsBack', { faults: 1, steps: 7, problem: 'a verdict did not stop the retries' }],
  ['readBackCompares', { faults: 2, steps: 13, problem: 'the job FAILED after 1 of 3 attempts' }],
  ['lostExitsRetry', { faults: 1, steps: 11, problem: 'the job FAILED after 1 of 3 attempts' }],
  ['verdictExitsZero', { faults: 0, steps: 6, problem: 'a verdict did not stop the retries' }],
  [
    'interruptCountsNothing',
    { faults: 1, steps: 5, problem: 'an attempt was counted as failed without a reason' },
  ],
  [
    'settleOwnExecution',
    { faults: 1, steps: 8, problem: 'an attempt was counted as failed without a reason' },
  ],
  ['settleCreates', { faults: 1, steps: 2, problem: 'the job was accepted and never recorded' }],
  ['settleClosesAttempts', { faults: 1, steps: 15, problem: 'the job FAILED after 2 of 3 attempts' }],
  ['settleCap', { maxAttempts: 2, faults: 2, steps: 10, problem: 'an attempt beyond maxAttempts' }],
  ['recordWins', { faults: 1, steps: 9, problem: 'the job was SUCCEEDED and became CANCELLED' }],
  ['openLeftLast', { faults: 2, steps: 5, problem: 'the job stays QUEUED' }],
  ['sweepOpen', { faults: 2, steps: 3, problem: 'the job stays QUEUED' }],
  ['sweepUnrecorded', { faults: 2, steps: 2, problem: 'the job was accepted and never recorded' }],
  ['cancelClosesAttempt', { faults: 1, steps: 11, problem: 'an attempt stays RUNNING' }],
  ['fencedAttempt', { reads: 'apart', faults: 1, steps: 14, problem: 'an attempt stays RUNNING' }],
  ['cancelCreates', { faults: 1, steps: 11, problem: 'the cancelled job is SUCCEEDED' }],
];

/** Guards that others back up: each can be removed alone, but not together with the others. */
const reserves: readonly (readonly [Guard, readonly Guard[], Danger])[] = [
  // A write that raises the attempt has a new runner, and a runner never returns: either part of the fence shows it.
  ['fenceAttempt', ['fenceRunner'], { faults: 1, steps: 16, problem: 'an attempt stays RUNNING' }],
  ['fenceRunner', ['fenceAttempt'], { faults: 1, steps: 16, problem: 'an attempt stays RUNNING' }],
  // Job and attempt name the same runner; either of them prevents a superseded runner from recording its outcome.
  ['attemptRunner', ['fenceRunner'], { faults: 2, steps: 10, problem: 'a verdict did not stop the retries' }],
  // An attempt is created only together with a change of the fence.
  [
    'attemptNotExists',
    ['fenceAttempt', 'fenceRunner'],
    { faults: 1, steps: 12, problem: 'jobRetry 2 for 1' },
  ],
];

/**
 * Not shown here. `fenceExecution`: a job's execution changes only after its record has expired and its name is used again,
 * and nothing in the model lives for 100 days. `sweepStops`: an execution whose cancel was cut off ends anyway, only later,
 * because every container that it starts finds the job ended.
 */
const outsideTheModel: readonly Guard[] = ['fenceExecution', 'sweepStops'];

describe('without', () => {
  test.each(
    dangers.map(([guard, danger]) => ({ guard, rule: guardRules[guard], danger, problem: danger.problem })),
  )(
    '"$rule": $problem',
    ({ guard, danger }) => {
      expectDanger([guard], danger);
    },
    timeout,
  );

  test.each(reserves.map(([guard, others, danger]) => ({ guard, rule: guardRules[guard], others, danger })))(
    '"$rule" nothing, but without $others as well',
    ({ guard, others, danger }) => {
      expect(storyOf(explore(protocolWithout([guard]), 2, 2).violation)).toBe('no violation');
      expectDanger([guard, ...others], danger);
    },
    timeout,
  );

  test('every guard is accounted for', () => {
    const named = [...dangers, ...reserves].map(([guard]) => guard);
    expect([...new Set([...named, ...outsideTheModel])].sort()).toEqual(Object.keys(guardRules).sort());
  });
});

function expectDanger(out: readonly Guard[], danger: Danger): void {
  const { violation } = explore(protocolWithout(out, danger.reads), danger.maxAttempts ?? 3, danger.faults);
  const story = storyOf(violation);
  if (process.env['PROTOCOL_TRACES']) process.stdout.write(`\nwithout ${out.join(', ')}: ${story}\n`);
  // Only the first line is expected; the rest is printed if the first line differs.
  const expected = `${danger.problem} (${danger.faults} faults, ${danger.steps} steps)`;
  if (!story.startsWith(`${expected}\n`)) expect(story).toBe(expected);
}
