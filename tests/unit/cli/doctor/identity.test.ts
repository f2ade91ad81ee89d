import { expect, test } from '@jest/globals';
import { runDoctorOnStack, runDoctor, FakeEnvironment } from './fake-environment.ts';

/** The identity of the caller, as far as it is known without the API. */
const environment = new FakeEnvironment();

test('an API that rejects the caller', async () => {
  environment.server.route = () => ({ status: 403, body: { message: 'Forbidden' } });
  const { code, by } = await runDoctor(
    '--api',
    environment.server.url,
    '--token',
    tokenOf({ sub: 'ann', scope: 'email' }),
  );
  expect(code).toBe(1);
  expect(by('identity')?.message).toBe('ann, scopes email');
  expect(by('access')).toMatchObject({ outcome: 'failed' });
});

test('credentials that AWS does not accept', async () => {
  environment.stack.denied.add('GetCallerIdentity');
  const { code, by } = await runDoctorOnStack('--no-canary');
  expect(code).toBe(1);
  expect(by('identity')?.message).toMatch(/AWS does not accept these credentials: AccessDenied/);
});

test.each([
  [{ sub: 'ann', exp: 1_700_000_000 }, /the token of ann expired at 2023-11-14/],
  [{ sub: 'ann', nbf: 99_999_999_999 }, /not valid before/],
  [{ scope: 'jobs:read' }, /no subject/],
])('a token that the API cannot accept: %j', async (claims, message) => {
  const { code, by } = await runDoctor('--api', environment.api, '--token', tokenOf(claims), '--no-canary');
  expect(code).toBe(1);
  expect(by('identity')?.message).toMatch(message);
});

test('a token that is not a JWT', async () => {
  const { by } = await runDoctor('--api', environment.api, '--token', 'opaque', '--no-canary');
  expect(by('identity')).toMatchObject({ outcome: 'skipped' });
});

const tokenOf = (claims: object): string =>
  ['{"alg":"none"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
