/**
 * The accounting protocol (docs/accounting.md) as an exhaustive small model: one job, the state machine's three tries,
 * one more execution of the same job, one cancel, and whatever can go wrong, four times. Every order of all steps of
 * containers, Settle, sweep, cancel and state machine is tried; each of them reads, decides and writes on condition, in
 * steps of their own. What the model says is that the protocol is right; that the code keeps to the protocol is shown
 * by the golden transactions and the tests with real processes.
 *
 * A trace is one step a line, from the 202 on; a line that begins with ! is a fault. The number is the try (for pods
 * and RunJob) or the execution: 0 is named after the job, 1 is another one for the same job id (a tick delivered twice).
 * "reads, decides to start" has the record and holds a transaction; "writes start" is that transaction being applied.
 * A write that is refused is no line: whoever was refused reads again. A pod that was "cut off" or whose RunJob was
 * stopped is old from then on: it goes on to write, but nobody waits for its exit code.
 *
 * Each guard of the protocol can be taken out (guards.ts). The traces of what happens then:
 *   PROTOCOL_TRACES=1 node --experimental-vm-modules node_modules/jest/bin/jest.js tests/unit/protocol
 */
import { describe, expect, test } from '@jest/globals';
import { explore, findCircle, type Violation } from './explore.ts';
import { type Guard, GUARDS, type Protocol, protocolWithout } from './guards.ts';

const FAULTS = 4;
/** The whole of it is some million states; a slow machine shares its cores with other tests. */
const PATIENCE = 600_000;

function told(violation: Violation | null): string {
  if (violation === null) return 'no violation';
  const { problem, faults, trace } = violation;
  return [`${problem} (${faults} faults, ${trace.length} steps)`, ...trace].join('\n  ');
}

describe('the protocol as designed', () => {
  test.each([1, 2, 3])(
    'holds with maxAttempts %i and four faults',
    (maxAttempts) => {
      const { states, ends, violation } = explore(protocolWithout([]), maxAttempts, FAULTS);
      expect(told(violation)).toBe('no violation');
      // Fewer would mean that the model lost something it used to try.
      expect(states).toBeGreaterThan(400_000);
      expect(ends).toBeGreaterThan(1000);
    },
    PATIENCE,
  );

  test(
    'holds when the job and its attempts are read one after the other, in either order',
    () => {
      expect(told(explore(protocolWithout([], 'apart'), 2, 2).violation)).toBe('no violation');
    },
    PATIENCE,
  );

  test('is tried in every way that the model speaks of', () => {
    const taken = new Set<string>();
    for (const maxAttempts of [1, 3])
      explore(protocolWithout([]), maxAttempts, 2, (label) => taken.add(label));
    expect([...taken]).toEqual(expect.arrayContaining(MUST_HAPPEN));
  });

  test('always comes to an end: nothing but a beat can be repeated without a fault', () => {
    expect(findCircle(protocolWithout([]), 3, 2)).toBeNull();
    expect(findCircle(protocolWithout([], 'apart'), 3, 1)).toBeNull();
  });
});

/** Steps that some oversight in the model could make impossible without any test noticing. */
const MUST_HAPPEN = [
  'Register of execution # is refused',
  'pod of try #: writes start, the answer is lost',
  'pod of try #: reads that the attempt is its own',
  'pod of try #: writes takeOver',
  'pod of try #: writes tooOften',
  'pod of try #: writes beyondLast',
  'pod of try #: records RunTimedOut',
  'old pod of try #: vanishes',
  'Settle (machine) of execution #: another execution’s job, nothing to do',
  'Settle (machine) of execution #: writes',
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

/** What happens without each guard: the shortest trace with the fewest faults, of three attempts where not said. */
const DANGERS: readonly (readonly [Guard, Danger])[] = [
  ['registerNotExists', { faults: 1, steps: 7, problem: 'the job was SUCCEEDED and became QUEUED' }],
  ['registerOwnRetry', { faults: 1, steps: 5, problem: 'the job FAILED after 0 of 3 attempts' }],
  ['registerOnlyQueued', { faults: 1, steps: 4, problem: 'the job was CANCELLED and became QUEUED' }],
  ['fenceStatus', { faults: 1, steps: 7, problem: 'the job was CANCELLED and became RUNNING' }],
  ['attemptOpen', { faults: 1, steps: 8, problem: 'failedJob 1 for 0' }],
  ['startTerminal', { faults: 1, steps: 9, problem: 'the job was SUCCEEDED and became RUNNING' }],
  ['startStale', { faults: 1, steps: 6, problem: 'the job is RUNNING for ever' }],
  ['startClosesRunning', { faults: 1, steps: 12, problem: 'an attempt is RUNNING for ever' }],
  ['startClosesMissing', { faults: 1, steps: 5, problem: 'an attempt is missing below another' }],
  ['startBeyondLast', { maxAttempts: 2, faults: 1, steps: 10, problem: 'an attempt beyond maxAttempts' }],
  ['beyondLastCap', { maxAttempts: 1, faults: 2, steps: 6, problem: 'an attempt beyond maxAttempts' }],
  ['retryForMissing', { faults: 1, steps: 14, problem: 'jobRetry 1 for 2' }],
  ['takeOver', { faults: 1, steps: 19, problem: 'an attempt was counted as failed for no reason' }],
  ['takeOverCountsNothing', { faults: 1, steps: 7, problem: 'jobRetry 1 for 0' }],
  ['seenBeat', { faults: 1, steps: 8, problem: 'a runner that went on beating was robbed' }],
  ['interruptionLimit', { faults: 2, steps: 10, problem: 'an attempt is interrupted for ever' }],
  ['lastVerdict', { faults: 0, steps: 15, problem: 'the last attempt failed and the job goes on' }],
  ['finishReadsBack', { faults: 1, steps: 7, problem: 'a verdict did not stop the retries' }],
  ['readBackCompares', { faults: 2, steps: 13, problem: 'the job FAILED after 1 of 3 attempts' }],
  ['lostExitsRetry', { faults: 1, steps: 11, problem: 'the job FAILED after 1 of 3 attempts' }],
  ['verdictExitsZero', { faults: 0, steps: 6, problem: 'a verdict did not stop the retries' }],
  [
    'interruptCountsNothing',
    { faults: 1, steps: 5, problem: 'an attempt was counted as failed for no reason' },
  ],
  ['settleOwnExecution', { faults: 1, steps: 22, problem: 'an attempt is RUNNING for ever' }],
  ['settleCreates', { faults: 1, steps: 2, problem: 'the job was accepted and never recorded' }],
  ['settleClosesAttempts', { faults: 1, steps: 15, problem: 'the job FAILED after 2 of 3 attempts' }],
  ['settleCap', { maxAttempts: 2, faults: 2, steps: 10, problem: 'an attempt beyond maxAttempts' }],
  ['recordWins', { faults: 1, steps: 9, problem: 'the job was SUCCEEDED and became CANCELLED' }],
  ['openLeftLast', { faults: 2, steps: 5, problem: 'the job is QUEUED for ever' }],
  ['sweepOpen', { faults: 2, steps: 3, problem: 'the job is QUEUED for ever' }],
  ['sweepUnrecorded', { faults: 2, steps: 2, problem: 'the job was accepted and never recorded' }],
  ['cancelClosesAttempt', { faults: 1, steps: 11, problem: 'an attempt is RUNNING for ever' }],
  ['fencedAttempt', { reads: 'apart', faults: 1, steps: 14, problem: 'an attempt is RUNNING for ever' }],
  ['cancelCreates', { faults: 1, steps: 11, problem: 'the cancelled job is SUCCEEDED' }],
];

/** Guards that stand behind others: alone each may go, with the others it may not. */
const RESERVES: readonly (readonly [Guard, readonly Guard[], Danger])[] = [
  // Whoever raises the attempt brings a new runner, and no runner comes back: either part of the fence tells.
  ['fenceAttempt', ['fenceRunner'], { faults: 1, steps: 16, problem: 'an attempt is RUNNING for ever' }],
  ['fenceRunner', ['fenceAttempt'], { faults: 1, steps: 16, problem: 'an attempt is RUNNING for ever' }],
  // Job and attempt name the same runner; one of the two keeps a superseded one from recording its outcome.
  ['attemptRunner', ['fenceRunner'], { faults: 2, steps: 10, problem: 'a verdict did not stop the retries' }],
  // An attempt appears only together with a change of the fence.
  [
    'attemptNotExists',
    ['fenceAttempt', 'fenceRunner'],
    { faults: 1, steps: 12, problem: 'jobRetry 2 for 1' },
  ],
];

/**
 * Not shown here. `fenceExecution`: a job's execution changes only when its record has expired and its name is used
 * again, and nothing in the model lives for 100 days. `sweepStops`: an execution whose cancel stopped half-way ends by
 * itself, only later, as every container it starts finds the job ended.
 */
const BEYOND_THE_MODEL: readonly Guard[] = ['fenceExecution', 'sweepStops'];

describe('without', () => {
  test.each(
    DANGERS.map(([guard, danger]) => ({ guard, rule: GUARDS[guard], danger, problem: danger.problem })),
  )(
    '"$rule": $problem',
    ({ guard, danger }) => {
      expectDanger([guard], danger);
    },
    PATIENCE,
  );

  test.each(RESERVES.map(([guard, others, danger]) => ({ guard, rule: GUARDS[guard], others, danger })))(
    '"$rule" nothing, but with $others out as well',
    ({ guard, others, danger }) => {
      expect(told(explore(protocolWithout([guard]), 2, 2).violation)).toBe('no violation');
      expectDanger([guard, ...others], danger);
    },
    PATIENCE,
  );

  test('every guard is accounted for', () => {
    const named = [...DANGERS, ...RESERVES].map(([guard]) => guard);
    expect([...new Set([...named, ...BEYOND_THE_MODEL])].sort()).toEqual(Object.keys(GUARDS).sort());
  });
});

function expectDanger(out: readonly Guard[], danger: Danger): void {
  const { violation } = explore(protocolWithout(out, danger.reads), danger.maxAttempts ?? 3, danger.faults);
  const story = told(violation);
  if (process.env['PROTOCOL_TRACES']) process.stdout.write(`\nwithout ${out.join(', ')}: ${story}\n`);
  // The first line is what was expected; the rest is there to be read when it is not.
  const expected = `${danger.problem} (${danger.faults} faults, ${danger.steps} steps)`;
  if (!story.startsWith(`${expected}\n`)) expect(story).toBe(expected);
}
