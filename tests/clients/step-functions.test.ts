import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../local/aws/clock.ts';
import { serveStepFunctions, type Task, TaskFailure } from '../../local/aws/step-functions/index.ts';
import { isJsonObject } from '../../local/aws/step-functions/json.ts';
import { oneTask, startStepFunctions, turnUntil } from '../harness/states/in-memory-step-functions.ts';
import { awsCli, boto3, type StepFunctionsClient } from './step-functions-clients.ts';

// Users may use their own tools with the local endpoint, so it must work with third-party clients.

let broken = true;
let stopped = 0;

/** Runs a task as its arguments require: it never ends, fails while `broken` is set, or returns its arguments. */
async function performTask({ arguments: input, signal }: Task) {
  const wish = isJsonObject(input) ? input['wish'] : undefined;
  if (wish === 'hold') {
    await once(signal, 'abort');
    stopped++;
  }
  if (wish === 'fail' && broken) throw new TaskFailure('Broken', 'still');
  return input;
}

const { service } = startStepFunctions({ run: performTask, clock: systemClock });
const server = createServer(serveStepFunctions(service));
let endpoint: string;

const definition = JSON.stringify({
  QueryLanguage: 'JSONata',
  ...oneTask({ Arguments: '{% $states.input %}' }),
});
const roleArn = 'arn:aws:iam::123456789012:role/machine';

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  service.close();
});

describe.each([
  ['boto3', boto3],
  ['the AWS CLI', awsCli],
])('%s', (clientName, connect) => {
  const name = clientName.replaceAll(' ', '-');
  const stateMachineArn = `arn:aws:states:us-east-1:123456789012:stateMachine:${name}`;
  const arnOf = (execution: string) => `arn:aws:states:us-east-1:123456789012:execution:${name}:${execution}`;
  let client: StepFunctionsClient;

  beforeAll(() => {
    client = connect(endpoint);
    broken = true;
    stopped = 0;
  });
  afterAll(() => client.close());

  const result = async (operation: string, parameters: Record<string, unknown>, pages?: number) => {
    const outcome = await client.call({ operation, parameters, ...(pages === undefined ? {} : { pages }) });
    if ('error' in outcome) throw new Error(`${operation}: ${outcome.error}`);
    return outcome.result;
  };
  const begin = (execution: string, wish: string) =>
    result('StartExecution', { stateMachineArn, name: execution, input: JSON.stringify({ wish }) });
  const ended = (execution: string) =>
    turnUntil(() => service.describeExecution(arnOf(execution)).status !== 'RUNNING');

  test('creates a machine once, and reports what is wrong with another', async () => {
    const request = { name, definition, roleArn };
    expect(await result('CreateStateMachine', request)).toMatchObject({ stateMachineArn });
    expect(await result('CreateStateMachine', request)).toMatchObject({ stateMachineArn });
    const other = await client.call({
      operation: 'CreateStateMachine',
      parameters: { ...request, roleArn: `${roleArn}2` },
    });
    expect(other).toEqual({ error: 'StateMachineAlreadyExists', modelled: true });
    const wrong = await client.call({
      operation: 'CreateStateMachine',
      parameters: { ...request, name: `${name}-wrong`, definition: '{}' },
    });
    expect(wrong).toEqual({ error: 'InvalidDefinition', modelled: true });
    expect(await result('DescribeStateMachine', { stateMachineArn })).toMatchObject({
      definition,
      status: 'ACTIVE',
    });
  });

  test('starts an execution once and describes it', async () => {
    expect(await begin('first', 'echo')).toMatchObject({ executionArn: arnOf('first') });
    await ended('first');
    expect(await result('DescribeExecution', { executionArn: arnOf('first') })).toMatchObject({
      stateMachineArn,
      status: 'SUCCEEDED',
      output: '{"wish":"echo"}',
    });
    const repeated = { stateMachineArn, name: 'first', input: '{}' };
    expect(await client.call({ operation: 'StartExecution', parameters: repeated })).toEqual({
      error: 'ExecutionAlreadyExists',
      modelled: true,
    });
    expect(
      await client.call({ operation: 'DescribeExecution', parameters: { executionArn: arnOf('no') } }),
    ).toEqual({ error: 'ExecutionDoesNotExist', modelled: true });
  });

  test('pages through its history, in either direction', async () => {
    const executionArn = arnOf('first');
    const { events } = await result('GetExecutionHistory', { executionArn }, 2);
    expect(events).toMatchObject([
      { id: 1, previousEventId: 0, type: 'ExecutionStarted' },
      { id: 2, type: 'TaskStateEntered', stateEnteredEventDetails: { name: 'Work' } },
      { id: 3, type: 'TaskScheduled', taskScheduledEventDetails: { resourceType: 'lambda' } },
      { id: 4, type: 'TaskStarted' },
      { id: 5, type: 'TaskSucceeded' },
      { id: 6, type: 'TaskStateExited' },
      { id: 7, type: 'ExecutionSucceeded' },
    ]);
    const reversed = await result('GetExecutionHistory', { executionArn, reverseOrder: true }, 3);
    expect(reversed['events']).toEqual([...(events as unknown[])].reverse());
  });

  test('stops an execution and its task', async () => {
    await begin('second', 'hold');
    await result('StopExecution', { executionArn: arnOf('second'), error: 'Enough', cause: 'by the user' });
    expect(await result('DescribeExecution', { executionArn: arnOf('second') })).toMatchObject({
      status: 'ABORTED',
      error: 'Enough',
      cause: 'by the user',
    });
    await turnUntil(() => stopped === 1);
  });

  test('redrives a failed execution, but not one that succeeded', async () => {
    await begin('third', 'fail');
    await ended('third');
    expect(await result('DescribeExecution', { executionArn: arnOf('third') })).toMatchObject({
      status: 'FAILED',
      error: 'Broken',
      redriveStatus: 'REDRIVABLE',
    });
    broken = false;
    await result('RedriveExecution', { executionArn: arnOf('third') });
    await ended('third');
    expect(await result('DescribeExecution', { executionArn: arnOf('third') })).toMatchObject({
      status: 'SUCCEEDED',
      redriveCount: 1,
    });
    const { events } = await result('GetExecutionHistory', { executionArn: arnOf('third') });
    expect(JSON.stringify(events)).toContain('"executionRedrivenEventDetails":{"redriveCount":1}');
    expect(
      await client.call({ operation: 'RedriveExecution', parameters: { executionArn: arnOf('third') } }),
    ).toEqual({ error: 'ExecutionNotRedrivable', modelled: true });
  });

  test('pages through the executions and the machines', async () => {
    const { executions } = await result('ListExecutions', { stateMachineArn }, 2);
    expect(executions).toMatchObject([
      { name: 'third', status: 'SUCCEEDED' },
      { name: 'second', status: 'ABORTED' },
      { name: 'first', status: 'SUCCEEDED' },
    ]);
    const filtered = await result('ListExecutions', { stateMachineArn, statusFilter: 'ABORTED' });
    expect(filtered).toEqual({ executions: [expect.objectContaining({ name: 'second' })] });
    await result('CreateStateMachine', { name: `${name}-2`, definition, roleArn });
    const { stateMachines } = await result('ListStateMachines', {}, 1);
    expect(stateMachines).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name }),
        expect.objectContaining({ name: `${name}-2` }),
      ]),
    );
  });

  test('changes a machine and deletes it', async () => {
    await result('UpdateStateMachine', { stateMachineArn, roleArn: `${roleArn}2` });
    expect(await result('DescribeStateMachine', { stateMachineArn })).toMatchObject({
      roleArn: `${roleArn}2`,
    });
    await result('DeleteStateMachine', { stateMachineArn });
    expect(await client.call({ operation: 'DescribeStateMachine', parameters: { stateMachineArn } })).toEqual(
      { error: 'StateMachineDoesNotExist', modelled: true },
    );
  });
});
