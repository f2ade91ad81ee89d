import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as sfn from '@aws-sdk/client-sfn';
import { serveStepFunctions } from '../../../../../../local/aws/step-functions/index.ts';
import {
  oneTask,
  startStepFunctions,
  turnUntil,
} from '../../../../../harness/states/in-memory-step-functions.ts';

// The handlers use AWS's client, and so may other programs: its view of the API is the contract, errors included.

let held = false;
const { service } = startStepFunctions({
  run: (task) => (held ? new Promise<never>(() => undefined) : Promise.resolve(task.arguments)),
});
const server = createServer(serveStepFunctions(service));
let client: sfn.SFNClient;
let endpoint: string;
let stateMachineArn: string;

const definition = JSON.stringify({
  QueryLanguage: 'JSONata',
  ...oneTask({ Arguments: '{% $states.input %}' }),
});
const roleArn = 'arn:aws:iam::123456789012:role/machine';
const unknownExecution = 'arn:aws:states:us-east-1:123456789012:execution:wired:unknown';

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new sfn.SFNClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  const created = await client.send(
    new sfn.CreateStateMachineCommand({ name: 'wired', definition, roleArn }),
  );
  stateMachineArn = created.stateMachineArn ?? '';
});
afterAll(() => {
  client.destroy();
  server.close();
  service.close();
});

async function run(name: string, input: string): Promise<string> {
  const { executionArn = '' } = await client.send(
    new sfn.StartExecutionCommand({ stateMachineArn, name, input }),
  );
  await turnUntil(() => service.describeExecution(executionArn).status !== 'RUNNING');
  return executionArn;
}

test('a machine is described, listed, updated and deleted', async () => {
  const machine = await client.send(new sfn.DescribeStateMachineCommand({ stateMachineArn }));
  expect(machine).toMatchObject({ name: 'wired', definition, roleArn, status: 'ACTIVE', type: 'STANDARD' });
  expect(machine.creationDate).toBeInstanceOf(Date);
  const repeated = await client.send(
    new sfn.CreateStateMachineCommand({ name: 'wired', definition, roleArn }),
  );
  expect(repeated.stateMachineArn).toBe(stateMachineArn);
  const other = { name: 'other', definition, roleArn };
  const { stateMachineArn: otherArn = '' } = await client.send(new sfn.CreateStateMachineCommand(other));
  await client.send(new sfn.UpdateStateMachineCommand({ stateMachineArn: otherArn, roleArn: `${roleArn}2` }));
  const first = await client.send(new sfn.ListStateMachinesCommand({ maxResults: 1 }));
  const second = await client.send(
    new sfn.ListStateMachinesCommand({ maxResults: 1, nextToken: first.nextToken }),
  );
  expect([...(first.stateMachines ?? []), ...(second.stateMachines ?? [])].map(({ name }) => name)).toEqual([
    'other',
    'wired',
  ]);
  await client.send(new sfn.DeleteStateMachineCommand({ stateMachineArn: otherArn }));
  const gone = client.send(new sfn.DescribeStateMachineCommand({ stateMachineArn: otherArn }));
  await expect(gone).rejects.toBeInstanceOf(sfn.StateMachineDoesNotExist);
});

test('an execution is started, described, listed, and its history paged in both directions', async () => {
  const executionArn = await run('first', '{"a":1}');
  const execution = await client.send(new sfn.DescribeExecutionCommand({ executionArn }));
  expect(execution).toMatchObject({
    status: 'SUCCEEDED',
    input: '{"a":1}',
    output: '{"a":1}',
    redriveStatus: 'NOT_REDRIVABLE',
  });
  const later = await run('second', '{}');
  const listed = await client.send(
    new sfn.ListExecutionsCommand({ stateMachineArn, statusFilter: 'SUCCEEDED', maxResults: 1 }),
  );
  expect(listed.executions?.map((one) => one.executionArn)).toEqual([later]);
  const rest = await client.send(
    new sfn.ListExecutionsCommand({
      stateMachineArn,
      statusFilter: 'SUCCEEDED',
      nextToken: listed.nextToken,
    }),
  );
  expect(rest.executions?.map((one) => one.executionArn)).toEqual([executionArn]);

  const ids: (number | undefined)[] = [];
  for await (const { events = [] } of sfn.paginateGetExecutionHistory(
    { client, pageSize: 2 },
    { executionArn },
  )) {
    ids.push(...events.map(({ id }) => id));
  }
  expect(ids).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const reversed = await client.send(
    new sfn.GetExecutionHistoryCommand({
      executionArn,
      reverseOrder: true,
      maxResults: 2,
      includeExecutionData: false,
    }),
  );
  expect(reversed.events?.map(({ id }) => id)).toEqual([7, 6]);
  expect(reversed.events?.[0]?.executionSucceededEventDetails).toEqual({
    outputDetails: { truncated: false },
  });
  const machine = await client.send(new sfn.DescribeStateMachineForExecutionCommand({ executionArn }));
  expect(machine).toMatchObject({ stateMachineArn, definition, name: 'wired' });
});

test('the same name and input return the running execution; otherwise ExecutionAlreadyExists', async () => {
  const request = { stateMachineArn, name: 'twice', input: '{"b":2}' };
  const startAgain = (input: string) => client.send(new sfn.StartExecutionCommand({ ...request, input }));
  held = true;
  const { executionArn } = await startAgain('{"b":2}');
  expect((await startAgain('{"b":2}')).executionArn).toBe(executionArn);
  await expect(startAgain('{"b":3}')).rejects.toBeInstanceOf(sfn.ExecutionAlreadyExists);
  await client.send(new sfn.StopExecutionCommand({ executionArn, error: 'Enough' }));
  held = false;
  await expect(startAgain('{"b":2}')).rejects.toBeInstanceOf(sfn.ExecutionAlreadyExists);
  const stopped = await client.send(new sfn.DescribeExecutionCommand({ executionArn }));
  expect(stopped).toMatchObject({ status: 'ABORTED', error: 'Enough', redriveStatus: 'REDRIVABLE' });
  await client.send(new sfn.RedriveExecutionCommand({ executionArn }));
  await turnUntil(() => service.describeExecution(executionArn ?? '').status === 'SUCCEEDED');
});

describe('errors have their classes in AWS’s client', () => {
  const startExecution = (request: Partial<sfn.StartExecutionInput>) => () =>
    client.send(new sfn.StartExecutionCommand({ stateMachineArn, ...request }));
  const cases: [string, () => Promise<unknown>, new (...parameters: never[]) => Error][] = [
    [
      'an unknown machine',
      startExecution({ stateMachineArn: 'arn:aws:states:us-east-1:1:stateMachine:none' }),
      sfn.StateMachineDoesNotExist,
    ],
    ['an invalid ARN', startExecution({ stateMachineArn: 'machine' }), sfn.InvalidArn],
    ['a bad name', startExecution({ name: 'a/b' }), sfn.InvalidName],
    ['input that is not JSON', startExecution({ input: '{' }), sfn.InvalidExecutionInput],
    [
      'input over 256 KiB',
      startExecution({ input: JSON.stringify('x'.repeat(262_144)) }),
      sfn.ValidationException,
    ],
    [
      'an unknown execution',
      () => client.send(new sfn.DescribeExecutionCommand({ executionArn: unknownExecution })),
      sfn.ExecutionDoesNotExist,
    ],
    [
      'a foreign token',
      () => client.send(new sfn.ListStateMachinesCommand({ nextToken: 'e30' })),
      sfn.InvalidToken,
    ],
    [
      'a page that is too large',
      () => client.send(new sfn.ListStateMachinesCommand({ maxResults: 1001 })),
      sfn.ValidationException,
    ],
    [
      'another machine of that name',
      () =>
        client.send(new sfn.CreateStateMachineCommand({ name: 'wired', definition, roleArn: `${roleArn}3` })),
      sfn.StateMachineAlreadyExists,
    ],
    [
      'an invalid definition',
      () =>
        client.send(
          new sfn.CreateStateMachineCommand({
            name: 'new',
            definition: '{"StartAt":"A","States":{}}',
            roleArn,
          }),
        ),
      sfn.InvalidDefinition,
    ],
  ];
  test.each(cases)('%s', async (_, call, type) => {
    await expect(call()).rejects.toBeInstanceOf(type);
  });

  test('and redriving one that succeeded', async () => {
    const executionArn = await run('fine', '{}');
    const redriven = client.send(new sfn.RedriveExecutionCommand({ executionArn }));
    await expect(redriven).rejects.toBeInstanceOf(sfn.ExecutionNotRedrivable);
  });
});

test('a request that is too large, not JSON or for an unknown operation is rejected; every response has an id', async () => {
  const post = (body: string, target = 'AWSStepFunctions.ListStateMachines') =>
    fetch(endpoint, { method: 'POST', body, headers: { 'x-amz-target': target } });
  const large = await post('x'.repeat(1024 * 1024 + 1));
  expect([
    large.status,
    (await post('{')).status,
    (await post('{}', 'AWSStepFunctions.Nothing')).status,
  ]).toEqual([413, 400, 400]);
  expect(large.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
});
