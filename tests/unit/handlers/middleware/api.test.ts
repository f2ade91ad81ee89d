import { describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { NotFound, TooManyRequests } from '../../../../jobs/errors.ts';
import type { RouteResponse } from '../../../../handlers/middleware/api.ts';

process.env['POWERTOOLS_LOG_LEVEL'] = 'SILENT';
const { api } = await import('../../../../handlers/middleware/api.ts');

const requestContext = {
  accountId: '123456789012',
  apiId: 'a',
  domainName: 'example',
  domainPrefix: 'example',
  http: { method: 'POST', path: '/jobs', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
  requestId: 'request-1',
  routeKey: 'POST /jobs',
  stage: '$default',
  time: '',
  timeEpoch: 0,
};
const event = (body: string, isBase64Encoded = false): APIGatewayProxyEventV2 => ({
  version: '2.0',
  routeKey: 'POST /jobs',
  rawPath: '/jobs',
  rawQueryString: '',
  headers: {},
  requestContext,
  body,
  isBase64Encoded,
});
const context: Context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'test',
  functionVersion: '1',
  invokedFunctionArn: 'arn',
  memoryLimitInMB: '512',
  awsRequestId: 'a',
  logGroupName: 'a',
  logStreamName: 'a',
  getRemainingTimeInMillis: () => 10_000,
  // The type still asks for what Lambda no longer has.
  /* eslint-disable @typescript-eslint/no-deprecated */
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
  /* eslint-enable @typescript-eslint/no-deprecated */
};

const answerOf = (route: () => Promise<RouteResponse>) => api(route)(event(''), context);

describe('every route', () => {
  test('hears the body as it was sent, also when API Gateway encoded it', async () => {
    const heard: (string | undefined)[] = [];
    const handler = api((request) => {
      heard.push(request.body);
      return Promise.resolve({ statusCode: 200, body: {} });
    });
    await handler(event('{"a":"é"}'), context);
    await handler(event(Buffer.from('{"a":"é"}').toString('base64'), true), context);
    expect(heard).toEqual(['{"a":"é"}', '{"a":"é"}']);
  });

  test('answers an exception with 500 and a requestId, and nothing of what went wrong', async () => {
    const secret = 'table eks-jobs-prod in arn:aws:dynamodb:eu-central-1:123456789012';
    const answer = await answerOf(() => Promise.reject(new Error(secret)));
    expect(answer).toMatchObject({ statusCode: 500, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse((answer as { body: string }).body)).toEqual({
      error: { code: 'InternalError', message: expect.any(String) },
      requestId: 'request-1',
    });
    expect(JSON.stringify(answer)).not.toMatch(/arn|eks-jobs-prod|at /);
  });

  test('answers a refusal with its code, and says when to come back', async () => {
    expect(await answerOf(() => Promise.reject(new NotFound('There is no such job.')))).toMatchObject({
      statusCode: 404,
      body: '{"error":{"code":"NotFound","message":"There is no such job."},"requestId":"request-1"}',
    });
    expect(await answerOf(() => Promise.reject(new TooManyRequests('Slow down.')))).toMatchObject({
      statusCode: 429,
      headers: { 'retry-after': '5' },
    });
  });
});
