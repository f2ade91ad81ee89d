import * as sfn from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pLimit from 'p-limit';
import { eventually } from '../harness/running-service.ts';
import { type Ministack, startMinistack } from '../harness/states/ministack.ts';
import {
  computing,
  definitionOf,
  failing,
  machineSteps,
  type Step,
} from '../harness/states/random-machine.ts';
import { execute, startStepFunctions, untilEnded } from '../harness/states/in-memory-step-functions.ts';

// ministack is an independent implementation, so it can find errors that our own tests repeat. Compared are Pass,
// Choice, Wait, Fail, Parallel, Map, Catch, Assign and JSONata's functions. Not compared is where ministack differs
// from AWS: it does not evaluate Output of Parallel and Succeed, lets the other branches continue after a failure, and
// records other events.

const machines = Number(process.env['MINISTACK_MACHINES'] ?? 150);
const seed = Number(process.env['MINISTACK_SEED'] ?? 7);

let ministack: Ministack;
let client: sfn.SFNClient;

beforeAll(async () => {
  ministack = await startMinistack();
  client = new sfn.SFNClient({
    endpoint: ministack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
}, 300_000);
afterAll(async () => {
  client.destroy();
  await ministack.stop();
});

interface End {
  status: string | undefined;
  output: unknown;
  error: string | undefined;
  cause: string | undefined;
}

async function runLocally(machine: object): Promise<End> {
  const { service } = startStepFunctions();
  const { status, output, error, cause } = await untilEnded(service, execute(service, machine, 1));
  service.close();
  return ended(status, output, error, cause);
}

async function runInMinistack(machine: object, name: string): Promise<End> {
  const { stateMachineArn } = await client.send(
    new sfn.CreateStateMachineCommand({
      name,
      definition: JSON.stringify(machine),
      roleArn: 'arn:aws:iam::000000000000:role/r',
    }),
  );
  const { executionArn } = await client.send(
    new sfn.StartExecutionCommand({ stateMachineArn, name: 'one', input: '1' }),
  );
  return eventually(async () => {
    const { status, output, error, cause } = await client.send(
      new sfn.DescribeExecutionCommand({ executionArn }),
    );
    return status === 'RUNNING' ? undefined : ended(status, output, error, cause);
  }, `${name} ends`);
}

/** Makes both comparable: ministack gives a failed execution an output too. */
function ended(
  status: string | undefined,
  output: string | null | undefined,
  error?: string | null,
  cause?: string | null,
): End {
  return {
    status,
    output: status === 'SUCCEEDED' ? JSON.parse(output ?? 'null') : undefined,
    error: error ?? undefined,
    cause: cause ?? undefined,
  };
}

test(`${machines} random machines end here as they do in ministack`, async () => {
  const waiting = fc.constant<Step>({ kind: 'wait', seconds: 1 });
  const plain = fc.oneof(
    { weight: 20, arbitrary: computing },
    { weight: 1, arbitrary: waiting },
    { weight: 1, arbitrary: failing },
  );
  const sample = fc.sample(machineSteps(plain), { seed, numRuns: machines }).map(definitionOf);
  const limit = pLimit(16);
  const pairs = await Promise.all(
    sample.map((machine, index) =>
      limit(async () => ({
        machine: JSON.stringify(machine),
        ours: await runLocally(machine),
        theirs: await runInMinistack(machine, `machine-${index}`),
      })),
    ),
  );
  for (const { machine, ours, theirs } of pairs) expect({ machine, ...ours }).toEqual({ machine, ...theirs });
  // With fewer of either kind the comparison would not show much.
  const succeeded = pairs.filter(({ ours }) => ours.status === 'SUCCEEDED').length;
  expect(succeeded).toBeGreaterThan(machines / 2);
  expect(succeeded).toBeLessThan(machines);
}, 300_000);
