import { expect, test } from '@jest/globals';
import { Journal } from '../../../../../local/aws/step-functions/journal.ts';
import type { Json } from '../../../../../local/aws/step-functions/json.ts';
import type { StepFunctions } from '../../../../../local/aws/step-functions/index.ts';
import {
  eventsOf,
  lambdaTask,
  startStepFunctions,
  turnUntil,
  untilEnded,
} from '../../../../harness/states/in-memory-step-functions.ts';

// A service on one machine runs for years: its journal must keep what AWS keeps, and not more.

const day = 86_400_000;
const roleArn = 'arn:aws:iam::123456789012:role/machine';

function create(service: StepFunctions, state: Json): string {
  const definition = JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'Only', States: { Only: state } });
  return service.machines.create({ name: 'machine', definition, roleArn }).arn;
}

/** Counts the rows of each table. */
function sizes(journal: Journal) {
  const count = (table: string) =>
    Number(journal.read(`SELECT count(*) AS rows FROM ${table}`, [])[0]?.['rows']);
  return { executions: count('execution'), entries: count('entry'), definitions: count('definition') };
}

test('an execution that ended 90 days ago is deleted and its name is free; newer and running ones stay', async () => {
  const journal = new Journal(':memory:');
  const { service, clock } = startStepFunctions({ journal, run: () => new Promise<never>(() => undefined) });
  const sleep = (time: number) => clock.sleepUntil(clock.now() + time, new AbortController().signal);
  const begin = (stateMachineArn: string, name: string) =>
    service.startExecution({ stateMachineArn, name }).executionArn;

  const holding = create(service, { Type: 'Task', Resource: lambdaTask, End: true });
  const running = begin(holding, 'running');
  await turnUntil(() => eventsOf(service, running).length === 4);
  service.machines.delete(holding);
  const passing = create(service, { Type: 'Pass', End: true });
  const old = ['a', 'b', 'c'].map((name) => begin(passing, name));
  for (const executionArn of old) await untilEnded(service, executionArn);
  const updated = JSON.stringify({
    QueryLanguage: 'JSONata',
    StartAt: 'Only',
    States: { Only: { Type: 'Succeed' } },
  });
  service.machines.update({ stateMachineArn: passing, definition: updated });
  await sleep(89 * day);
  const young = begin(passing, 'young');
  await untilEnded(service, young);
  // As on AWS, the name is taken as long as the execution is kept.
  expect(() => service.startExecution({ stateMachineArn: passing, name: 'a', input: '[]' })).toThrow(
    'Already Exists',
  );
  expect(sizes(journal)).toMatchObject({ executions: 5, definitions: 3 });

  await sleep(2 * day);
  await untilEnded(service, begin(passing, 'trigger'));
  await turnUntil(() => sizes(journal).executions === 3 && sizes(journal).definitions === 2);
  for (const executionArn of old)
    expect(() => service.describeExecution(executionArn)).toThrow('Does Not Exist');
  expect(service.getExecutionHistory({ executionArn: young }).events).toHaveLength(4);
  expect(service.describeExecution(running).status).toBe('RUNNING');
  // The four events of a running task, and twice the four events of a Succeed state.
  expect(sizes(journal).entries).toBe(4 + 8);
  await untilEnded(service, begin(passing, 'a'));
  service.close();
});

test('the work is done an execution at a time, and requests have their turn in between', async () => {
  const journal = new Journal(':memory:');
  const { service, clock } = startStepFunctions({ journal });
  const stateMachineArn = create(service, { Type: 'Pass', End: true });
  for (let count = 0; count < 50; count++) {
    await untilEnded(service, service.startExecution({ stateMachineArn }).executionArn);
  }
  await clock.sleepUntil(clock.now() + 91 * day, new AbortController().signal);
  service.startExecution({ stateMachineArn });
  const seen: number[] = [];
  await turnUntil(() => {
    seen.push(sizes(journal).executions);
    return seen.at(-1) === 1;
  });
  for (const [index, size] of seen.slice(1).entries())
    expect((seen[index] ?? 0) - size).toBeLessThanOrEqual(1);
  service.close();
});

test('a closed service deletes nothing more', async () => {
  const journal = new Journal(':memory:');
  const { service, clock } = startStepFunctions({ journal });
  const stateMachineArn = create(service, { Type: 'Pass', End: true });
  for (let count = 0; count < 5; count++) {
    await untilEnded(service, service.startExecution({ stateMachineArn }).executionArn);
  }
  await clock.sleepUntil(clock.now() + 91 * day, new AbortController().signal);
  service.startExecution({ stateMachineArn });
  service.close();
  // A read of the closed journal would be an unhandled rejection, which fails the test.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
});
