import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash, createHmac } from 'node:crypto';
import { eksJobs } from '../run-command.ts';
import { FakeApi, type ReceivedRequest } from '../fake-api.ts';
import { jobView } from '../views.ts';

/** An API Gateway that accepts requests signed with these credentials. It follows AWS's document and does not use the SDK that signs. */
const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const session = 'IQoJb3JpZ2luX2VjE=';
const before = { ...process.env };
let api: FakeApi;

beforeAll(() => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_SESSION_TOKEN: session,
  });
});

afterAll(() => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) {
    if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before[name];
  }
});

beforeEach(async () => {
  api = await FakeApi.start();
  api.route = (received) =>
    isSigned(received)
      ? {
          status: received.method === 'POST' ? 202 : 200,
          body: received.url.includes('?') ? { jobs: [] } : jobView(),
        }
      : { status: 403, body: { message: 'Forbidden' } };
});

afterEach(() => api.stop());

const signed = (...line: string[]) =>
  eksJobs([
    ...line,
    '--api',
    `${api.url}/stage`,
    '--auth',
    'iam',
    '--region',
    'eu-central-1',
    '--retries',
    '0',
  ]);

describe('a request is signed for execute-api', () => {
  test('without a body', async () => {
    expect(await signed('get', jobView().jobId)).toMatchObject({ code: 0, err: '' });
  });

  test('with a body and a key', async () => {
    expect(await signed('submit', '--input', '{"name": "Zoë", "share": 1.0}')).toMatchObject({ code: 0 });
  });

  test('with a query of encoded characters', async () => {
    const { code } = await signed('list', '--label', 'team=a+b c/d*', '--from', '2026-11-23T10:00:00+01:00');
    expect(code).toBe(0);
  });

  test('and is rejected if it is signed for another region', async () => {
    const { code, err } = await eksJobs([
      'stats',
      '--api',
      api.url,
      '--auth',
      'iam',
      '--region',
      'us-east-1',
    ]);
    expect(code).toBe(4);
    expect(err).toContain('may not execute-api:Invoke here, or the signature is for another region');
  });
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Verifies a signature by AWS's document "Create a signed AWS API request". */
function isSigned({ method, url, headers, body }: ReceivedRequest): boolean {
  const [, keyId, scope = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const { pathname, searchParams } = new URL(url, api.url);
  const canonical = [
    ...[method, pathname.split('/').map(encode).join('/')],
    [...searchParams]
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...names.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    ...['', names, sha256(body)],
  ].join('\n');
  const date = String(headers['x-amz-date']);
  const parts = scope.split('/');
  const key = parts.reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${secret}`);
  return (
    keyId === 'AKIDEXAMPLE' &&
    headers['x-amz-security-token'] === session &&
    scope === `${date.slice(0, 8)}/eu-central-1/execute-api/aws4_request` &&
    ['host', 'x-amz-date', 'x-amz-security-token'].every((name) => names.split(';').includes(name)) &&
    signature === hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex')
  );
}
