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
  // The type still requires what Lambda no longer has.
  /* eslint-disable @typescript-eslint/no-deprecated */
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
  /* eslint-enable @typescript-eslint/no-deprecated */
};

const responseOf = (route: () => Promise<RouteResponse>) => api(route)(event(''), context);

describe('every route', () => {
  test('receives the body as it was sent, also when API Gateway encoded it', async () => {
    const bodies: (string | undefined)[] = [];
    const handler = api((request) => {
      bodies.push(request.body);
      return Promise.resolve({ statusCode: 200, body: {} });
    });
    await handler(event('{"a":"é"}'), context);
    await handler(event(Buffer.from('{"a":"é"}').toString('base64'), true), context);
    expect(bodies).toEqual(['{"a":"é"}', '{"a":"é"}']);
  });

  test('responds to an exception with 500 and a requestId, and shows nothing internal', async () => {
    const secret = 'table eks-jobs-prod in arn:aws:dynamodb:eu-central-1:123456789012';
    const response = await responseOf(() => Promise.reject(new Error(secret)));
    expect(response).toMatchObject({ statusCode: 500, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse((response as { body: string }).body)).toEqual({
      error: { code: 'InternalError', message: expect.any(String) },
      requestId: 'request-1',
    });
    expect(JSON.stringify(response)).not.toMatch(/arn|eks-jobs-prod|at /);
  });

  test('responds to a rejection with its code, and to throttling with the time to wait', async () => {
    expect(await responseOf(() => Promise.reject(new NotFound('The job does not exist.')))).toMatchObject({
      statusCode: 404,
      body: '{"error":{"code":"NotFound","message":"The job does not exist."},"requestId":"request-1"}',
    });
    expect(await responseOf(() => Promise.reject(new TooManyRequests('Slow down.')))).toMatchObject({
      statusCode: 429,
      headers: { 'retry-after': '5' },
      // A message of our own says what there is too much of.
      body: expect.stringContaining('Slow down.'),
    });
  });

  test('responds to a call that AWS throttled with 429, and shows nothing internal', async () => {
    const error = Object.assign(new Error('Rate exceeded for arn:aws:states:eu-central-1:123456789012'), {
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 400 },
    });
    const response = await responseOf(() => Promise.reject(error));
    expect(response).toMatchObject({ statusCode: 429, headers: { 'retry-after': '5' } });
    expect(JSON.parse((response as { body: string }).body)).toEqual({
      error: { code: 'TooManyRequests', message: expect.stringMatching(/try again/) },
      requestId: 'request-1',
    });
    expect(JSON.stringify(response)).not.toMatch(/arn/);
  });
});
