import { describe, expect, test } from '@jest/globals';
import { resolveConnection } from '../../../cli/connection.ts';

const deployed = 'https://a1b2c3.execute-api.eu-central-1.amazonaws.com';

describe('the default credentials', () => {
  test('none on this machine', () => {
    expect(resolveConnection({})).toEqual({
      url: new URL('http://127.0.0.1:3000'),
      credentials: { kind: 'none' },
    });
  });

  test.each([
    [deployed, 'eu-central-1'],
    ['https://a1b2c3.execute-api.cn-north-1.amazonaws.com.cn/', 'cn-north-1'],
  ])('AWS credentials at %s', (api, region) => {
    expect(resolveConnection({ api }).credentials).toEqual({ kind: 'iam', region });
  });

  test('the token if there is one, at API Gateway too', () => {
    expect(resolveConnection({ api: deployed, token: 'a.b.c' }).credentials).toEqual({
      kind: 'jwt',
      token: 'a.b.c',
    });
  });

  test('none at an address that only looks like API Gateway’s', () => {
    for (const host of ['a1.execute-api.eu-central-1.amazonaws.com.example.org', 'x.example.org']) {
      expect(resolveConnection({ api: `https://${host}` }).credentials.kind).toBe('none');
    }
  });
});

test('--auth, --region and --profile override the defaults', () => {
  const options = {
    api: 'https://jobs.example.org/v1',
    auth: 'iam',
    region: 'us-east-1',
    profile: 'work',
  } as const;
  expect(resolveConnection(options).credentials).toEqual({
    kind: 'iam',
    region: 'us-east-1',
    profile: 'work',
  });
  expect(resolveConnection({ api: deployed, auth: 'none' }).credentials).toEqual({ kind: 'none' });
});

describe('credentials are sent over TLS only', () => {
  test.each([{ token: 'a.b.c' }, { auth: 'iam' } as const])('%j is not sent over http://', (credentials) => {
    expect(() => resolveConnection({ api: 'http://jobs.example.org', ...credentials })).toThrow(
      /credentials are not sent/,
    );
    for (const api of ['http://127.0.0.1:3000', 'http://localhost:3000', 'http://[::1]:3000']) {
      expect(resolveConnection({ api, ...credentials }).url.href).toBe(`${api}/`);
    }
  });

  test('a host name that begins with 127.0.0.1 is not loopback', () => {
    expect(() => resolveConnection({ api: 'http://127.0.0.1.example.org', token: 'a.b.c' })).toThrow();
  });
});

test.each([
  'jobs.example.org',
  'ftp://jobs.example.org',
  'https://user:password@jobs.example.org',
  'https://jobs.example.org/?token=x',
  'https://jobs.example.org/#x',
  '',
])('%j is not a valid address', (api) => {
  expect(() => resolveConnection({ api })).toThrow(/--api/);
});

test.each(['two words', 'line\nend', 'ünicode'])('%j is not a token', (token) => {
  expect(() => resolveConnection({ token })).toThrow(/the token contains/);
});
