import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { FrameworkCommand } from '../../../plugins/framework.ts';
import StageNamePlugin from '../../../plugins/stage-name.ts';
import { longestStage, namesWithStage } from '../../../plugins/stage-name/longest-stage.ts';

/** CloudFormation's DescribeStacks on loopback. */
const requests: URLSearchParams[] = [];
let stackStatus: string | undefined;
const server = createServer((request, response) => {
  void (async () => {
    requests.push(new URLSearchParams(await text(request)));
    const name = requests.at(-1)?.get('StackName') ?? '';
    response.writeHead(stackStatus === undefined ? 400 : 200, { 'content-type': 'text/xml' });
    response.end(
      stackStatus === undefined
        ? `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id ${name} does not exist</Message></Error></ErrorResponse>`
        : `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>${name}</StackName><StackStatus>${stackStatus}</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
    );
  })();
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});
beforeEach(() => {
  requests.length = 0;
  stackStatus = undefined;
});

class FrameworkError extends Error {
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** Calls the plugin as `sls COMMAND --stage STAGE` does. @returns its warnings */
async function sls(command: string, stage: string): Promise<string[]> {
  const warnings: string[] = [];
  const serverless: FrameworkCommand = {
    processedInput: { commands: command.split(' ') },
    service: {
      service: 'eks-jobs',
      functions: {
        sweep: { name: `eks-jobs-${stage}-sweep` },
        changeSchedule: { name: `eks-jobs-${stage}-changeSchedule` },
      },
      resources: {
        Parameters: { JobNamespace: { Type: 'String', Default: `eks-jobs-${stage}` } },
        Resources: {
          Group: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: `eks-jobs-${stage}` } },
        },
      },
    },
    configurationInput: {
      stepFunctions: { stateMachines: { runJob: { name: `eks-jobs-${stage}-run-job` } } },
    },
    classes: { Error: FrameworkError },
    getProvider: () => ({
      getStage: () => stage,
      getRegion: () => 'eu-west-1',
      getAwsSdkV3Config: () =>
        Promise.resolve({
          region: 'eu-west-1',
          endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        }),
    }),
  };
  const log = { notice: () => undefined, warning: (line: string) => warnings.push(line) };
  await new StageNamePlugin(serverless, {}, { log }).hooks['initialize']?.();
  return warnings;
}

const long = 's'.repeat(41);

describe('a stage whose name is too long', () => {
  test('is rejected by sls deploy, with the limit and what it comes from', async () => {
    await expect(sls('deploy', long)).rejects.toMatchObject({
      code: 'STAGE_NAME_TOO_LONG',
      message:
        `The name of the stage ${long} is too long: it has 41 characters, and at most 40 fit. ` +
        `The name of a Lambda function may have 64 characters; eks-jobs-${long}-changeSchedule has 65. Choose a shorter stage.`,
    });
    expect(requests.map((request) => request.get('StackName'))).toEqual([`eks-jobs-${long}`]);
  });

  test('deploys with a warning if its stack exists', async () => {
    for (const status of ['CREATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'UPDATE_COMPLETE']) {
      stackStatus = status;
      expect(await sls('deploy', long)).toEqual([expect.stringContaining('at most 40 fit')]);
    }
  });

  test('is rejected if its stack was never created completely', async () => {
    for (const status of ['REVIEW_IN_PROGRESS', 'ROLLBACK_COMPLETE', 'CREATE_FAILED', 'DELETE_FAILED']) {
      stackStatus = status;
      await expect(sls('deploy', long)).rejects.toThrow('at most 40 fit');
    }
  });

  test.each(['package', 'remove'])('only warns on sls %s, without a call to AWS', async (command) => {
    expect(await sls(command, long)).toEqual([expect.stringContaining('at most 40 fit')]);
    expect(requests).toEqual([]);
  });

  test('does not disturb other commands', async () => {
    for (const command of ['info', 'print', 'deploy list', 'logs'])
      expect(await sls(command, long)).toEqual([]);
  });
});

test('the longest stage that fits is accepted without a call to AWS', async () => {
  for (const command of ['deploy', 'package', 'remove']) {
    expect(await sls(command, 's'.repeat(40))).toEqual([]);
  }
  expect(requests).toEqual([]);
});

describe('the longest stage', () => {
  const limitOf = (resource: object, Parameters: Record<string, unknown> = {}) =>
    longestStage(namesWithStage({ Parameters, Resources: { Resource: resource } }, 'eks-jobs', 'dev'), 'dev');

  test('follows from parameters too', () => {
    const Parameters = {
      ClusterName: { Default: 'eks-jobs-dev' },
      JobNamespace: { Default: 'eks-jobs-dev' },
    };
    const cluster = { Type: 'AWS::EKS::Cluster', Properties: { Name: { Ref: 'ClusterName' } } };
    expect(limitOf(cluster, { ClusterName: Parameters.ClusterName })?.length).toBe(91);
    expect(limitOf(cluster, Parameters)).toMatchObject({
      length: 54,
      limit: { of: 'a Kubernetes namespace' },
    });
    const group = {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: { 'Fn::Sub': '/aws/eks/${ClusterName}/cluster' } },
    };
    expect(limitOf(group, { ClusterName: Parameters.ClusterName })?.length).toBe(
      512 - '/aws/eks/eks-jobs-/cluster'.length,
    );
  });

  test('does not follow from a name without the stage, nor from one that CloudFormation generates', () => {
    expect(limitOf({ Type: 'AWS::EKS::Cluster', Properties: { Name: 'main' } })).toBeUndefined();
    expect(limitOf({ Type: 'AWS::IAM::Role', Properties: {} })).toBeUndefined();
    expect(limitOf({ Type: 'Custom::ClusterSetup' })).toBeUndefined();
  });
});
