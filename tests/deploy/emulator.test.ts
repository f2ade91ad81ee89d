import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { eventually } from '../harness/running-service.ts';
import { stepTimeout } from './client.ts';
import { Emulator } from './emulator.ts';

// What AWS does at a removal, and the emulator must do too (emulator/deletion.py): deploy.test.ts relies on it.

const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-emulator-'));
let emulator: Emulator;
let client: SFNClient;

beforeAll(async () => {
  emulator = await Emulator.start(directory);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  client = new SFNClient({ endpoint: emulator.url, region: 'us-east-1', credentials });
}, stepTimeout);

afterAll(async () => {
  client.destroy();
  await emulator.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Waits for a request. @returns the name of its error; undefined when it succeeds. */
async function nameOfError(request: Promise<unknown>): Promise<string | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

test(
  'a state machine that has executions stays DELETING until their next transition, and its name is taken',
  async () => {
    // It would take an hour, if its execution were not ended before the second state.
    const first = { Type: 'Wait', Seconds: 20, Next: 'Second' };
    const second = { Type: 'Wait', Seconds: 3600, End: true };
    const trust = {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ],
    };
    const { Role } = await emulator.aws<{ Role: { Arn: string } }>(
      ...['iam', 'create-role', '--role-name', 'in-use'],
      ...['--assume-role-policy-document', JSON.stringify(trust)],
    );
    const machine = {
      name: 'in-use',
      roleArn: Role.Arn,
      definition: JSON.stringify({ StartAt: 'First', States: { First: first, Second: second } }),
    };
    const { stateMachineArn } = await client.send(new CreateStateMachineCommand(machine));
    const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn }));
    await eventually(
      async () => {
        const { events } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
        return events?.some(({ type }) => type === 'WaitStateEntered') === true || undefined;
      },
      'the first state',
      stepTimeout,
    );
    await client.send(new DeleteStateMachineCommand({ stateMachineArn }));
    const describeMachine = () => client.send(new DescribeStateMachineCommand({ stateMachineArn }));
    expect((await describeMachine()).status).toBe('DELETING');
    const creation = client.send(new CreateStateMachineCommand(machine));
    expect(await nameOfError(creation)).toBe('StateMachineDeleting');
    const start = client.send(new StartExecutionCommand({ stateMachineArn }));
    expect(await nameOfError(start)).toBe('StateMachineDeleting');
    expect(
      await eventually(() => nameOfError(describeMachine()), 'the end of the state machine', stepTimeout),
    ).toBe('StateMachineDoesNotExist');
  },
  stepTimeout,
);

test(
  'the log group of a cluster is created again after its deletion, and CloudFormation does not create one that exists',
  async () => {
    const group = '/aws/eks/other/cluster';
    const named = ['--log-group-name', group];
    await emulator.aws('logs', 'create-log-group', ...named);
    await emulator.aws('logs', 'put-retention-policy', ...named, '--retention-in-days', '30');
    await emulator.aws('logs', 'delete-log-group', ...named);
    const { logGroups } = await eventually(
      async () => {
        const found = await emulator.aws<{ logGroups: object[] }>(
          ...['logs', 'describe-log-groups', '--log-group-name-prefix', group],
        );
        return found.logGroups.length > 0 ? found : undefined;
      },
      'the log group',
      stepTimeout,
    );
    expect(logGroups).toEqual([expect.not.objectContaining({ retentionInDays: 30 })]);
    const template = {
      Resources: { Logs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: group } } },
    };
    const ofStack = ['--stack-name', 'other'];
    const create = ['cloudformation', 'create-stack', ...ofStack];
    await emulator.aws(...create, '--template-body', JSON.stringify(template));
    const status = await eventually(
      async () => {
        const { Stacks } = await emulator.aws<{ Stacks: { StackStatus: string }[] }>(
          ...['cloudformation', 'describe-stacks', ...ofStack],
        );
        const [stack] = Stacks;
        return stack?.StackStatus.endsWith('_COMPLETE') === true ? stack.StackStatus : undefined;
      },
      'the end of the creation',
      stepTimeout,
    );
    expect(status).toBe('ROLLBACK_COMPLETE');
  },
  stepTimeout,
);
