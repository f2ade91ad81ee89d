import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBIntegration,
  EksIntegration,
  LambdaIntegration,
} from '../../../../../../local/aws/step-functions/index.ts';
import type { Integration } from '../../../../../../local/aws/step-functions/index.ts';
import {
  type JobOutcome,
  JobRefused,
  type JobRunner,
  type JobRunOptions,
} from '../../../../../../local/aws/step-functions/integrations/job-runner.ts';
import type { Json } from '../../../../../../local/aws/step-functions/json.ts';
import {
  eventsOf,
  execute,
  oneTask,
  start,
  untilEnded,
} from '../../../../../harness/states/in-memory-step-functions.ts';

// What a state machine sees of a service is decided by these three: results wrapped as AWS wraps them, errors by AWS's names.

async function outcome(integration: Integration, Resource: string, Arguments: Json) {
  const { service } = start({ integrations: [integration] });
  const executionArn = execute(service, oneTask({ Resource, Arguments }));
  const { status, output, error, cause } = await untilEnded(service, executionArn);
  const types = eventsOf(service, executionArn).map(({ type }) => type);
  service.close();
  return { status, output: output === null ? null : (JSON.parse(output) as Json), error, cause, types };
}

describe('eks:runJob.sync', () => {
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a' } };
  const Arguments = {
    ClusterName: 'c',
    CertificateAuthority: 'Y2E=',
    Endpoint: 'https://c',
    Namespace: 'jobs',
    Job: job,
  };
  const runSync = 'arn:aws:states:::eks:runJob.sync';

  type Runner = Pick<JobRunner, 'start'>;

  /** Takes every Job; it ends so. */
  const runnerWith = (end: JobOutcome | Promise<JobOutcome>, given: JobRunOptions[] = []): Runner => ({
    start: (body, options) => {
      given.push(options);
      return Promise.resolve({
        answer: { statusCode: 201, statusText: 'Created', body },
        ended: Promise.resolve(end),
      });
    },
  });

  /** Refuses every Job with this status. */
  const refusing = (statusCode: number, statusText: string): Runner => ({
    start: () =>
      Promise.reject(new JobRefused({ statusCode, statusText, body: { kind: 'Status', message: 'no' } })),
  });

  test('hands the Job to the runner and gives nothing of it but logs that were asked for', async () => {
    const given: JobRunOptions[] = [];
    const runner = runnerWith({ succeeded: true, logs: { pod: { main: 'hello' } } }, given);
    const plain = await outcome(new EksIntegration(runner), runSync, Arguments);
    expect(plain).toMatchObject({ status: 'SUCCEEDED', output: {} });
    expect(plain.types).toContain('TaskSubmitted');
    expect(given).toMatchObject([{ clusterName: 'c', namespace: 'jobs', resumed: false }]);
    const LogOptions = { RetrieveLogs: true };
    const logged = await outcome(new EksIntegration(runner), runSync, { ...Arguments, LogOptions });
    expect(logged.output).toEqual({ logs: { pods: { pod: { containers: { main: { log: 'hello' } } } } } });
  });

  test('a failed Job is States.TaskFailed with its condition as the cause', async () => {
    const runner = runnerWith({ succeeded: false, reason: 'DeadlineExceeded', message: 'too long' });
    const failed = await outcome(new EksIntegration(runner), runSync, Arguments);
    expect(failed).toMatchObject({ status: 'FAILED', error: 'States.TaskFailed' });
    expect(failed.cause).toContain('"reason":"DeadlineExceeded"');
  });

  // The names are AWS's own: a state machine that catches EKS.409 must meet the same here.
  test.each([
    [401, 'Unauthorized'],
    [403, 'Forbidden'],
    [404, 'Not Found'],
    [409, 'Conflict'],
  ])('a Job that the cluster refuses with %i was never submitted', async (status, text) => {
    const refused = await outcome(new EksIntegration(refusing(status, text)), runSync, Arguments);
    expect(refused).toMatchObject({ status: 'FAILED', error: `EKS.${status}` });
    expect(refused.types).not.toContain('TaskSubmitted');
    expect(JSON.parse(refused.cause ?? '')).toEqual({
      ResponseBody: { kind: 'Status', message: 'no' },
      StatusCode: status,
      StatusText: text,
    });
  });

  test('a Job that somebody deletes was submitted, and is gone', async () => {
    const gone = Promise.reject(new JobRefused({ statusCode: 404, statusText: 'Not Found', body: null }));
    const ended = await outcome(new EksIntegration(runnerWith(gone)), runSync, Arguments);
    expect(ended.error).toBe('EKS.404');
    expect(ended.types).toContain('TaskSubmitted');
  });

  test('without .sync the task is done when the Job is made', async () => {
    const runner = runnerWith(new Promise<never>(() => undefined));
    const made = await outcome(new EksIntegration(runner), 'arn:aws:states:::eks:runJob', Arguments);
    expect(made).toMatchObject({ status: 'SUCCEEDED', output: { StatusCode: 201 } });
  });
});

describe('lambda', () => {
  const integration = new LambdaIntegration((name, payload) => {
    if (name !== 'echo' && !name.endsWith(':function:echo'))
      return Promise.reject(new Error(`there is no function ${name}`));
    const wrong = { payload: { errorType: 'Wrong', errorMessage: 'no' }, functionError: 'Unhandled' };
    return Promise.resolve(payload === 'fail' ? wrong : { payload });
  });
  const invoke = 'arn:aws:states:::lambda:invoke';

  test('lambda:invoke wraps the payload, a plain ARN does not', async () => {
    const wrapped = await outcome(integration, invoke, { FunctionName: 'echo', Payload: { a: 1 } });
    expect(wrapped.output).toMatchObject({ ExecutedVersion: '$LATEST', Payload: { a: 1 }, StatusCode: 200 });
    const plain = await outcome(integration, 'arn:aws:lambda:us-east-1:1:function:echo', { a: 1 });
    expect(plain).toMatchObject({ output: { a: 1 } });
    expect(plain.types).toContain('LambdaFunctionSucceeded');
  });

  test("a function's error has its type as name and itself as cause", async () => {
    const failed = await outcome(integration, invoke, { FunctionName: 'echo', Payload: '"fail"' });
    expect(failed).toMatchObject({ error: 'Wrong', cause: '{"errorType":"Wrong","errorMessage":"no"}' });
  });

  test('a function that is not there fails the task', async () => {
    expect(await outcome(integration, invoke, { FunctionName: 'none' })).toMatchObject({ status: 'FAILED' });
  });
});

describe('dynamodb', () => {
  /** Answers like DynamoDB, by table. */
  const server = createServer((request, response) => {
    void (async () => {
      const body = Buffer.concat((await request.toArray()) as Buffer[]).toString();
      const type = body.includes('conflict')
        ? 'TransactionCanceledException'
        : 'ConditionalCheckFailedException';
      const refused = /conflict|condition/.test(body);
      response.writeHead(refused ? 400 : 200, {
        'x-amzn-requestid': 'R1',
        'content-type': 'application/x-amz-json-1.0',
      });
      const refusal = {
        __type: `com.amazonaws.dynamodb.v20120810#${type}`,
        message: 'Refused',
        CancellationReasons: [],
      };
      response.end(JSON.stringify(refused ? refusal : { Item: { pk: { S: 'x' }, blob: { B: 'aGk=' } } }));
    })();
  });
  let integration: DynamoDBIntegration;
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    integration = new DynamoDBIntegration(
      new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 }),
    );
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const key = { Key: { pk: { S: 'x' } } };

  test('takes and gives items as DynamoDB JSON', async () => {
    const sdk = await outcome(integration, 'arn:aws:states:::aws-sdk:dynamodb:getItem', {
      TableName: 'jobs',
      ...key,
    });
    expect(sdk.output).toEqual({ Item: { pk: { S: 'x' }, blob: { B: 'aGk=' } } });
    const optimised = await outcome(integration, 'arn:aws:states:::dynamodb:getItem', {
      TableName: 'jobs',
      ...key,
    });
    expect(optimised.output).toMatchObject({
      Item: { pk: { S: 'x' } },
      SdkHttpMetadata: { HttpStatusCode: 200 },
    });
  });

  test('names errors as the two Java SDKs behind Step Functions do', async () => {
    const TransactItems = [{ Delete: { TableName: 'conflict', ...key } }];
    const canceled = await outcome(integration, 'arn:aws:states:::aws-sdk:dynamodb:transactWriteItems', {
      TransactItems,
    });
    expect(canceled).toMatchObject({
      error: 'DynamoDb.TransactionCanceledException',
      cause: 'Refused (Service: DynamoDb, Status Code: 400, Request ID: R1)',
    });
    const refused = await outcome(integration, 'arn:aws:states:::dynamodb:deleteItem', {
      TableName: 'condition',
      ...key,
    });
    expect(refused.error).toBe('DynamoDB.ConditionalCheckFailedException');
  });

  test('knows the actions of DynamoDB and no others', () => {
    expect(integration.supports('arn:aws:states:::aws-sdk:dynamodb:query')).toBe(true);
    expect(integration.supports('arn:aws:states:::aws-sdk:dynamodb:frobnicate')).toBe(false);
    expect(integration.supports('arn:aws:states:::dynamodb:query')).toBe(false);
  });
});
