import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Serverless, Template } from '../../../plugins/framework.ts';
import KeptLogGroups from '../../../plugins/kept-log-groups.ts';

/** Which log groups an update keeps: CloudFormation's answers are those of its API reference, DescribeStackResource. */

let server: Server;
let calls: string[];
/** The resources of the deployed stack with their status; undefined when the stack does not exist. */
let deployed: Record<string, string> | undefined;
let denied: boolean;

const errorBody = (code: string, message: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;

function respond(body: URLSearchParams): [number, string] {
  const [stack, resource] = [body.get('StackName') ?? '', body.get('LogicalResourceId') ?? ''];
  calls.push(`${body.get('Action') ?? ''} ${stack} ${resource}`);
  if (denied) return [403, errorBody('AccessDenied', 'not authorized to perform: cloudformation')];
  if (!deployed) return [400, errorBody('ValidationError', `Stack '${stack}' does not exist`)];
  const status = deployed[resource];
  if (status === undefined) {
    return [400, errorBody('ValidationError', `Resource ${resource} does not exist for stack ${stack}`)];
  }
  const detail = `<LogicalResourceId>${resource}</LogicalResourceId><ResourceStatus>${status}</ResourceStatus>`;
  const result = `<StackResourceDetail>${detail}</StackResourceDetail>`;
  return [
    200,
    `<DescribeStackResourceResponse><DescribeStackResourceResult>${result}</DescribeStackResourceResult></DescribeStackResourceResponse>`,
  ];
}

beforeEach(async () => {
  [calls, deployed, denied] = [[], undefined, false];
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const [status, xml] = respond(new URLSearchParams(body));
      response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Runs the hook of a command. @returns the defaults of the template's parameters afterwards. */
async function defaultsAfter(hook: string): Promise<Record<string, unknown>> {
  const rule = { Type: 'String', Default: 'false' };
  const template: Template = {
    Parameters: { KeptClusterLogGroup: { ...rule }, KeptAgentLogGroups: { ...rule } },
    Resources: {},
  };
  const { port } = server.address() as AddressInfo;
  const configuration = {
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const serverless: Serverless = {
    service: { service: 'eks-jobs', provider: { compiledCloudFormationTemplate: template } },
    getProvider: () => ({
      getStage: () => 'dev',
      getRegion: () => 'eu-west-1',
      getAwsSdkV3Config: () => Promise.resolve(configuration),
    }),
    classes: { Error },
    servicePluginOutputs: new Map(),
    pluginManager: { plugins: [] },
  };
  await new KeptLogGroups(serverless).hooks[hook]?.();
  const parameters = Object.entries((template.Parameters ?? {}) as Record<string, { Default?: unknown }>);
  return Object.fromEntries(parameters.map(([name, parameter]) => [name, parameter.Default]));
}

const nothingKept = { KeptClusterLogGroup: 'false', KeptAgentLogGroups: 'false' };

test('a new stage has none of the log groups of earlier versions', async () => {
  expect(await defaultsAfter('before:deploy:deploy')).toEqual(nothingKept);
  expect(calls).toEqual([
    'DescribeStackResource eks-jobs-dev ClusterLogGroup',
    'DescribeStackResource eks-jobs-dev HostLogGroup',
  ]);
});

test('a stage that an earlier version deployed keeps its logs, on each update', async () => {
  deployed = { ClusterLogGroup: 'CREATE_COMPLETE', HostLogGroup: 'UPDATE_COMPLETE' };
  const kept = { KeptClusterLogGroup: 'true', KeptAgentLogGroups: 'true' };
  expect(await defaultsAfter('before:deploy:deploy')).toEqual(kept);
  deployed = { ClusterLogGroup: 'CREATE_COMPLETE' };
  expect(await defaultsAfter('before:deploy:deploy')).toEqual({ ...kept, KeptAgentLogGroups: 'false' });
});

test('a log group that left the stack is not created again', async () => {
  deployed = { ClusterLogGroup: 'DELETE_SKIPPED', HostLogGroup: 'DELETE_COMPLETE' };
  expect(await defaultsAfter('before:deploy:deploy')).toEqual(nothingKept);
});

// Taking "no permission" for "not there" would delete the logs.
test('a deploy that may not ask ends before it changes anything', async () => {
  denied = true;
  await expect(defaultsAfter('before:deploy:deploy')).rejects.toThrow('not authorized');
});

test('packaging asks nothing', async () => {
  const { hooks } = new KeptLogGroups({} as Serverless);
  expect(Object.keys(hooks)).toEqual(['before:deploy:deploy']);
  expect(await defaultsAfter('package:finalize')).toEqual(nothingKept);
  expect(calls).toEqual([]);
});
