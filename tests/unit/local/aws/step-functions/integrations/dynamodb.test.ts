import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DynamoDBIntegration } from '../../../../../../local/aws/step-functions/index.ts';
import { runTask } from '../../../../../harness/states/in-memory-step-functions.ts';

// A state machine sees results wrapped as AWS wraps them, and errors by AWS's names.

describe('dynamodb', () => {
  /** Responds like DynamoDB; the name of the table selects the response. */
  const server = createServer((request, response) => {
    void (async () => {
      const body = Buffer.concat((await request.toArray()) as Buffer[]).toString();
      const type = body.includes('conflict')
        ? 'TransactionCanceledException'
        : 'ConditionalCheckFailedException';
      const rejected = /conflict|condition/.test(body);
      response.writeHead(rejected ? 400 : 200, {
        'x-amzn-requestid': 'R1',
        'content-type': 'application/x-amz-json-1.0',
      });
      const rejection = {
        __type: `com.amazonaws.dynamodb.v20120810#${type}`,
        message: 'Rejected',
        CancellationReasons: [],
      };
      response.end(JSON.stringify(rejected ? rejection : { Item: { pk: { S: 'x' }, blob: { B: 'aGk=' } } }));
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

  test('items go in and out as DynamoDB JSON', async () => {
    const sdk = await runTask(integration, 'arn:aws:states:::aws-sdk:dynamodb:getItem', {
      TableName: 'jobs',
      ...key,
    });
    expect(sdk.output).toEqual({ Item: { pk: { S: 'x' }, blob: { B: 'aGk=' } } });
    const optimised = await runTask(integration, 'arn:aws:states:::dynamodb:getItem', {
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
    const canceled = await runTask(integration, 'arn:aws:states:::aws-sdk:dynamodb:transactWriteItems', {
      TransactItems,
    });
    expect(canceled).toMatchObject({
      error: 'DynamoDb.TransactionCanceledException',
      cause: 'Rejected (Service: DynamoDb, Status Code: 400, Request ID: R1)',
    });
    const failed = await runTask(integration, 'arn:aws:states:::dynamodb:deleteItem', {
      TableName: 'condition',
      ...key,
    });
    expect(failed.error).toBe('DynamoDB.ConditionalCheckFailedException');
  });

  test('supports the actions of DynamoDB, and only those', () => {
    expect(integration.supports('arn:aws:states:::aws-sdk:dynamodb:query')).toBe(true);
    expect(integration.supports('arn:aws:states:::aws-sdk:dynamodb:frobnicate')).toBe(false);
    expect(integration.supports('arn:aws:states:::dynamodb:query')).toBe(false);
  });
});
