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

// A state machine may call the cluster's API server. The integration decides what it sees and which server it trusts.

const identity = selfSigned();
let respond: (request: IncomingMessage, response: ServerResponse) => unknown;
const server = createServer(identity, (request, response) => {
  respond(request, response);
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
const argumentsWith = (fields: JsonObject): JsonObject => ({
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

test('returns the response with its status, and sends the whole request', async () => {
  let seen: unknown;
  respond = async (request, response) => {
    const { method, url, headers } = request;
    const [type, token] = [headers['content-type'], headers.authorization];
    seen = { method, url, type, token, body: JSON.parse(await text(request)) as unknown };
    response.writeHead(201).end('{"kind":"Pod"}');
  };
  const Arguments = argumentsWith({
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

test('a response that is not JSON, such as a log, is text', async () => {
  respond = (_, response) => response.end('one\ntwo\n');
  expect((await call(argumentsWith({}))).output).toMatchObject({ ResponseBody: 'one\ntwo\n' });
});

test.each([404, 409, 302])(
  'status %d is the error EKS.<status>, with the response as its cause',
  async (status) => {
    respond = (_, response) => response.writeHead(status, { location: '/' }).end('{"kind":"Status"}');
    const { error, cause } = await call(argumentsWith({}));
    expect(error).toBe(`EKS.${status}`);
    expect(JSON.parse(cause ?? '')).toMatchObject({ ResponseBody: { kind: 'Status' }, StatusCode: status });
  },
);

test('a server with a certificate of another authority is not trusted', async () => {
  respond = (_, response) => response.end('{}');
  const { error, cause } = await call(argumentsWith({ CertificateAuthority: base64(selfSigned().cert) }));
  expect(error).toBe('States.TaskFailed');
  expect(cause).toMatch(/certificate|signature/);
});

test('a path cannot lead to another server', async () => {
  let path: string | undefined;
  respond = (request, response) => {
    path = request.url;
    response.end('{}');
  };
  expect((await call(argumentsWith({ Path: '//127.0.0.2/x?y' }))).status).toBe('SUCCEEDED');
  expect(path).toBe('//127.0.0.2/x%3Fy');
});

test('a response above 1 MiB is not read', async () => {
  respond = (_, response) => response.end('x'.repeat(2 * 1024 * 1024));
  expect((await call(argumentsWith({}))).cause).toMatch(/more than 1048576 bytes/);
});

test.each<[string, JsonObject]>([
  ['Endpoint', { Endpoint: 'http://127.0.0.1' }],
  ['Method', { Method: 'CONNECT' }],
  ['Path', { Path: 'api' }],
  ['QueryParameters', { QueryParameters: { a: 'b' } }],
])('the error names an invalid %s', async (field, fields) => {
  expect((await call(argumentsWith(fields))).cause).toContain(field);
});

test('stopping the execution aborts the call', async () => {
  let gone = false;
  const received = once(server, 'request');
  respond = (request) => {
    request.on('close', () => (gone = true));
  };
  const { service, executionArn } = begin(argumentsWith({}));
  await received;
  service.stopExecution({ executionArn });
  await turnUntil(() => gone);
  expect(eventsOf(service, executionArn).at(-1)?.type).toBe('ExecutionAborted');
  service.close();
});
