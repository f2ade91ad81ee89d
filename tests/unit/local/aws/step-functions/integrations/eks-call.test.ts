import { once } from 'node:events';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EksCallIntegration, overHttps } from '../../../../../../local/aws/step-functions/index.ts';
import type { JsonObject } from '../../../../../../local/aws/step-functions/json.ts';
import { selfSigned } from '../../../../../harness/certificate.ts';
import {
  eventsOf,
  execute,
  oneTask,
  startStepFunctions,
  turnUntil,
  untilEnded,
} from '../../../../../harness/states/in-memory-step-functions.ts';

// A state machine may ask the cluster itself; what it then sees, and whom it trusts, is this integration's part.

const identity = selfSigned();
let answer: (request: IncomingMessage, response: ServerResponse) => unknown;
const server = createServer(identity, (request, response) => {
  answer(request, response);
});
let endpoint: string;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const base64 = (content: string) => Buffer.from(content).toString('base64');
const given = (fields: JsonObject): JsonObject => ({
  ClusterName: 'local',
  CertificateAuthority: base64(identity.cert),
  Endpoint: endpoint,
  Method: 'GET',
  Path: '/api/v1/namespaces/jobs/pods',
  ...fields,
});

function begin(Arguments: JsonObject, headers?: Record<string, string>) {
  const { service } = startStepFunctions({ integrations: [new EksCallIntegration(overHttps(headers))] });
  const Resource = 'arn:aws:states:::eks:call';
  return { service, executionArn: execute(service, oneTask({ Resource, Arguments })) };
}

async function call(Arguments: JsonObject, headers?: Record<string, string>) {
  const { service, executionArn } = begin(Arguments, headers);
  const { status, output, error, cause } = await untilEnded(service, executionArn);
  service.close();
  return { status, output: output === null ? null : (JSON.parse(output) as unknown), error, cause };
}

test('gives the answer with its status, and sends what it was given', async () => {
  let seen: unknown;
  answer = async (request, response) => {
    const { method, url, headers } = request;
    const [type, token] = [headers['content-type'], headers.authorization];
    seen = { method, url, type, token, body: JSON.parse(await text(request)) as unknown };
    response.writeHead(201).end('{"kind":"Pod"}');
  };
  const Arguments = given({
    Method: 'POST',
    QueryParameters: { fieldManager: ['a b', 'c'], pretty: [] },
    RequestBody: { kind: 'Pod' },
  });
  expect(await call(Arguments, { authorization: 'Bearer t' })).toMatchObject({
    status: 'SUCCEEDED',
    output: { ResponseBody: { kind: 'Pod' }, StatusCode: 201, StatusText: 'Created' },
  });
  expect(seen).toEqual({
    method: 'POST',
    url: '/api/v1/namespaces/jobs/pods?fieldManager=a+b&fieldManager=c',
    type: 'application/json',
    token: 'Bearer t',
    body: { kind: 'Pod' },
  });
});

test('an answer that is no JSON, as a log, is a text', async () => {
  answer = (_, response) => response.end('one\ntwo\n');
  expect((await call(given({}))).output).toMatchObject({ ResponseBody: 'one\ntwo\n' });
});

test.each([404, 409, 302])(
  'status %d is the error EKS.<status>, with the answer as its cause',
  async (status) => {
    answer = (_, response) => response.writeHead(status, { location: '/' }).end('{"kind":"Status"}');
    const { error, cause } = await call(given({}));
    expect(error).toBe(`EKS.${status}`);
    expect(JSON.parse(cause ?? '')).toMatchObject({ ResponseBody: { kind: 'Status' }, StatusCode: status });
  },
);

test('a server that another authority vouches for is not believed', async () => {
  answer = (_, response) => response.end('{}');
  const { error, cause } = await call(given({ CertificateAuthority: base64(selfSigned().cert) }));
  expect(error).toBe('States.TaskFailed');
  expect(cause).toMatch(/certificate|signature/);
});

test('no path leads to another server', async () => {
  let path: string | undefined;
  answer = (request, response) => {
    path = request.url;
    response.end('{}');
  };
  expect((await call(given({ Path: '//127.0.0.2/x?y' }))).status).toBe('SUCCEEDED');
  expect(path).toBe('//127.0.0.2/x%3Fy');
});

test('more than a mebibyte is not read on', async () => {
  answer = (_, response) => response.end('x'.repeat(2 * 1024 * 1024));
  expect((await call(given({}))).cause).toMatch(/more than 1048576 bytes/);
});

test.each<[string, JsonObject]>([
  ['Endpoint', { Endpoint: 'http://127.0.0.1' }],
  ['Method', { Method: 'CONNECT' }],
  ['Path', { Path: 'api' }],
  ['QueryParameters', { QueryParameters: { a: 'b' } }],
])('a wrong %s is named', async (field, fields) => {
  expect((await call(given(fields))).cause).toContain(field);
});

test('a stopped execution breaks the call off', async () => {
  let gone = false;
  const asked = once(server, 'request');
  answer = (request) => {
    request.on('close', () => (gone = true));
  };
  const { service, executionArn } = begin(given({}));
  await asked;
  service.stopExecution({ executionArn });
  await turnUntil(() => gone);
  expect(eventsOf(service, executionArn).at(-1)?.type).toBe('ExecutionAborted');
  service.close();
});
