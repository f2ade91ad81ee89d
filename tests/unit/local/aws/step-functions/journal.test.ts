import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Task, TaskFailure } from '../../../../../local/aws/step-functions/index.ts';
import { Journal } from '../../../../../local/aws/step-functions/journal.ts';
import { isJsonObject, type Json } from '../../../../../local/aws/step-functions/json.ts';
import {
  eventsOf,
  execute,
  lambdaTask,
  startStepFunctions,
  turnUntil,
  untilEnded,
} from '../../../../harness/states/in-memory-step-functions.ts';

// The service may be killed at any moment. Its executions must still end as without the kill.

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'));
  new Journal(join(directory, 'empty')).close();
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/**
 * A journal that stores each synchronous step in its own transaction, the smallest that may reach the disk, and dies
 * after a number of transactions.
 */
class MortalJournal extends Journal {
  onDeath: () => void = () => undefined;
  #left: number;
  #queued = false;
  #dead = false;

  constructor(path: string, transactions: number) {
    super(path);
    this.#left = transactions;
  }

  override write(...write: Parameters<Journal['write']>): void {
    if (this.#dead) return;
    super.write(...write);
    this.#queued = true;
    queueMicrotask(() => {
      this.flush();
    });
  }

  override flush(): void {
    if (this.#dead || !this.#queued) return;
    this.#queued = false;
    super.flush();
    if (--this.#left > 0) return;
    this.#dead = true;
    this.onDeath();
  }
}

const work = (fields: object) => ({ Type: 'Task', Resource: lambdaTask, ...fields });
const flaky = (failures: number, fields: object) =>
  work({
    Arguments: { failures, try: '{% $states.context.State.RetryCount %}', input: '{% $states.input %}' },
    Retry: [{ ErrorEquals: ['Flaky'], IntervalSeconds: 2, JitterStrategy: 'FULL' }],
    ...fields,
  });

/**
 * A machine with every type of state: retries, a catch, a loop with a variable, waits, branches, iterations that fail
 * and are retried.
 */
const everything = {
  StartAt: 'Prepare',
  States: {
    Prepare: { Type: 'Pass', Assign: { round: 0 }, Output: { list: [1, 2, 3] }, Next: 'Flaky' },
    Flaky: flaky(2, { Output: '{% $states.input %}', Next: 'Rest' }),
    Rest: { Type: 'Wait', Seconds: 60, Next: 'Loop' },
    Loop: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $round < 2 %}', Assign: { round: '{% $round + 1 %}' }, Next: 'Rest' }],
      Default: 'Broken',
    },
    Broken: work({
      Arguments: { failures: 9, try: 0, input: 0 },
      Catch: [
        {
          ErrorEquals: ['States.ALL'],
          Output: '{% $merge([$states.input, {"error": $states.errorOutput.Error}]) %}',
          Next: 'Both',
        },
      ],
      End: true,
    }),
    Both: {
      Type: 'Parallel',
      Branches: [
        {
          StartAt: 'Left',
          States: {
            Left: flaky(1, { Output: 'left', Next: 'Nap' }),
            Nap: { Type: 'Wait', Seconds: 5, End: true },
          },
        },
        {
          StartAt: 'Right',
          States: { Right: { Type: 'Pass', Output: '{% $states.input.error %}', End: true } },
        },
      ],
      Output: '{% $merge([$states.input, {"both": $states.result}]) %}',
      Next: 'Each',
    },
    Each: {
      Type: 'Map',
      Items: '{% $states.input.list %}',
      MaxConcurrency: 2,
      ItemProcessor: {
        StartAt: 'Item',
        States: {
          Item: flaky(1, { Output: '{% $states.input * 10 + $states.context.Map.Item.Index %}', End: true }),
        },
      },
      Output: '{% $merge([$states.input, {"each": $states.result}]) %}',
      Next: 'Whole',
    },
    Whole: {
      Type: 'Map',
      Items: [1, 2],
      ItemProcessor: {
        StartAt: 'Never',
        States: {
          Never: work({ Arguments: { failures: 9, try: 0, input: '{% $states.input %}' }, End: true }),
        },
      },
      Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1 }],
      Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.input %}', Next: 'Done' }],
      End: true,
    },
    Done: { Type: 'Succeed' },
  },
};

/** A machine in which one branch fails late, while the other waits after many more events. */
const uneven = {
  StartAt: 'Uneven',
  States: {
    Uneven: {
      Type: 'Parallel',
      Branches: [
        {
          StartAt: 'Soon',
          States: {
            Soon: { Type: 'Wait', Seconds: 5, Next: 'Fails' },
            Fails: { Type: 'Fail', Error: 'Flaky' },
          },
        },
        {
          StartAt: 'P0',
          States: {
            ...Object.fromEntries(
              Array.from({ length: 20 }, (_, n) => [
                `P${n}`,
                { Type: 'Pass', Next: n < 19 ? `P${n + 1}` : 'Late' },
              ]),
            ),
            Late: { Type: 'Wait', Seconds: 1000, End: true },
          },
        },
      ],
      Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.input %}', Next: 'Done' }],
      End: true,
    },
    Done: { Type: 'Succeed' },
  },
};

/** Makes tasks that fail as their arguments require; counts how often each try was begun, without those resumed. */
function countingWorker(begun: Map<string, number>) {
  return (task: Task): Promise<Json> => {
    if (!task.resumed) begun.set(task.token, (begun.get(task.token) ?? 0) + 1);
    const wish = isJsonObject(task.arguments) ? task.arguments : {};
    const failed = Number(wish['try']) < Number(wish['failures']);
    return failed
      ? Promise.reject(new TaskFailure('Flaky', 'not yet'))
      : Promise.resolve(wish['input'] ?? null);
  };
}

async function runWithoutKill(machine: object) {
  const { service } = startStepFunctions({ run: countingWorker(new Map()) });
  const executionArn = execute(service, machine);
  const { status, output } = await untilEnded(service, executionArn);
  const types = eventsOf(service, executionArn)
    .map(({ type }) => type)
    .sort();
  service.close();
  return { status, output, types };
}

/** Runs the machine in processes that die after these numbers of transactions, then to its end. */
async function runWithKills(machine: object, path: string, deaths: number[]) {
  const begun = new Map<string, number>();
  let executionArn: string | undefined;
  for (const transactions of [...deaths, Infinity]) {
    const journal = new MortalJournal(path, transactions);
    let [alive, over] = [true, false];
    const run = countingWorker(begun);
    const { service } = startStepFunctions({
      journal,
      // A dead process does not work.
      run: (task) => (alive ? run(task) : new Promise<never>(() => undefined)),
      onStatusChange: () => {
        over = true;
      },
    });
    journal.onDeath = () => {
      alive = false;
      service.close();
    };
    if (executionArn === undefined) executionArn = execute(service, machine);
    else if (service.describeExecution(executionArn).status === 'RUNNING') service.resume();
    else over = true;
    await turnUntil(() => !alive || over);
    if (!alive) continue;
    const arn = executionArn;
    const { status, output, cause } = service.describeExecution(arn);
    const events = eventsOf(service, arn);
    service.close();
    return { status, output, cause, events, begun };
  }
  throw new Error('the last process died too');
}

async function expectSameEnd(machine: object, deaths: number[], name: string) {
  const expected = await runWithoutKill(machine);
  // Copied, because creating a journal takes longer than the rest of the test.
  const path = join(directory, name);
  copyFileSync(join(directory, 'empty'), path);
  const { status, output, cause, events, begun } = await runWithKills(machine, path, deaths);
  const { types } = expected;
  expect({ deaths, cause, status, output }).toEqual({ ...expected, deaths, cause: null, types: undefined });
  expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
  expect(events.map(({ type }) => type).sort()).toEqual(types);
  expect([...begun.values()].filter((count) => count > 1)).toEqual([]);
}

test('without a kill the machine ends as intended', async () => {
  expect(await runWithoutKill(everything)).toMatchObject({
    status: 'SUCCEEDED',
    output: '{"list":[1,2,3],"error":"Flaky","both":["left","Flaky"],"each":[10,21,32]}',
  });
});

// The first two transactions are the creation of the machine and the start of the execution.
test.each([
  ['every kind of state', everything],
  ['branches with different numbers of events', uneven],
])(
  'one kill after each transaction: %s',
  async (name, machine) => {
    const { types } = await runWithoutKill(machine);
    for (let transactions = 2; transactions < types.length + 15; transactions++) {
      await expectSameEnd(machine, [transactions], `${name} ${transactions}`);
    }
  },
  60_000,
);

test('many kills', async () => {
  for (const deaths of [[9, 3, 3, 4, 7, 2, 5, 3, 9, 3, 12, 4], [30, 20, 10], Array<number>(60).fill(2)]) {
    await expectSameEnd(everything, deaths, `many ${deaths.length}`);
  }
}, 60_000);
