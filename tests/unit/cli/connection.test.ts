import { describe, expect, test } from '@jest/globals';
import { connectionOf } from '../../../cli/connection.ts';

const deployed = 'https://a1b2c3.execute-api.eu-central-1.amazonaws.com';

describe('who asks, where nobody says how to tell', () => {
  test('nobody, on this machine', () => {
    expect(connectionOf({})).toEqual({
      url: new URL('http://127.0.0.1:3000'),
      authorization: { kind: 'none' },
    });
  });

  test.each([
    [deployed, 'eu-central-1'],
    ['https://a1b2c3.execute-api.cn-north-1.amazonaws.com.cn/', 'cn-north-1'],
  ])('whoever has AWS credentials, at %s', (api, region) => {
    expect(connectionOf({ api }).authorization).toEqual({ kind: 'iam', region });
  });

  test('whoever the token is of, there too', () => {
    expect(connectionOf({ api: deployed, token: 'a.b.c' }).authorization).toEqual({
      kind: 'jwt',
      token: 'a.b.c',
    });
  });

  test('nobody, at an address that only looks like API Gateway’s', () => {
    for (const host of ['a1.execute-api.eu-central-1.amazonaws.com.example.org', 'x.example.org']) {
      expect(connectionOf({ api: `https://${host}` }).authorization.kind).toBe('none');
    }
  });
});

test('--auth, --region and --profile say otherwise', () => {
  const options = {
    api: 'https://jobs.example.org/v1',
    auth: 'iam',
    region: 'us-east-1',
    profile: 'work',
  } as const;
  expect(connectionOf(options).authorization).toEqual({ kind: 'iam', region: 'us-east-1', profile: 'work' });
  expect(connectionOf({ api: deployed, auth: 'none' }).authorization).toEqual({ kind: 'none' });
});

describe('credentials go over TLS only', () => {
  test.each([{ token: 'a.b.c' }, { auth: 'iam' } as const])('%j are not sent in the clear', (who) => {
    expect(() => connectionOf({ api: 'http://jobs.example.org', ...who })).toThrow(
      /credentials are not sent/,
    );
    for (const api of ['http://127.0.0.1:3000', 'http://localhost:3000', 'http://[::1]:3000']) {
      expect(connectionOf({ api, ...who }).url.href).toBe(`${api}/`);
    }
  });

  test('a name that begins like the machine’s own is not it', () => {
    expect(() => connectionOf({ api: 'http://127.0.0.1.example.org', token: 'a.b.c' })).toThrow();
  });
});

test.each([
  'jobs.example.org',
  'ftp://jobs.example.org',
  'https://user:password@jobs.example.org',
  'https://jobs.example.org/?token=x',
  'https://jobs.example.org/#x',
  '',
])('%j is no address', (api) => {
  expect(() => connectionOf({ api })).toThrow(/--api/);
});

test.each(['two words', 'line\nend', 'ünicode'])('%j is no token', (token) => {
  expect(() => connectionOf({ token })).toThrow(/no token can/);
});
