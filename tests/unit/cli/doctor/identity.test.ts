import { expect, test } from '@jest/globals';
import { deployed, doctor, Surroundings } from './surroundings.ts';

/** Who the caller is, as far as that can be seen before the API is asked; a token in use is shown by the API's own word. */
const around = new Surroundings();

test('an API that lets the caller not in', async () => {
  around.server.route = () => ({ status: 403, body: { message: 'Forbidden' } });
  const { code, by } = await doctor(
    '--api',
    around.server.url,
    '--token',
    tokenOf({ sub: 'ann', scope: 'email' }),
  );
  expect(code).toBe(1);
  expect(by('identity')?.message).toBe('ann, scopes email');
  expect(by('access')).toMatchObject({ outcome: 'failed' });
});

test('credentials that AWS does not take', async () => {
  around.stack.denied.add('GetCallerIdentity');
  const { code, by } = await deployed('--no-canary');
  expect(code).toBe(1);
  expect(by('identity')?.message).toMatch(/AWS does not take these credentials: AccessDenied/);
});

test.each([
  [{ sub: 'ann', exp: 1_700_000_000 }, /the token of ann expired at 2023-11-14/],
  [{ sub: 'ann', nbf: 99_999_999_999 }, /not valid before/],
  [{ scope: 'jobs:read' }, /no subject/],
])('a token that cannot be of use: %j', async (claims, message) => {
  const { code, by } = await doctor('--api', around.api, '--token', tokenOf(claims), '--no-canary');
  expect(code).toBe(1);
  expect(by('identity')?.message).toMatch(message);
});

test('a token that is no JWT', async () => {
  const { by } = await doctor('--api', around.api, '--token', 'opaque', '--no-canary');
  expect(by('identity')).toMatchObject({ outcome: 'skipped' });
});

const tokenOf = (claims: object): string =>
  ['{"alg":"none"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
