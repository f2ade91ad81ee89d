import { beforeAll, describe, expect, test } from '@jest/globals';
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { createLocalJWKSet, type JWTHeaderParameters, SignJWT, UnsecuredJWT } from 'jose';
import { scopesOf } from '../../../../../api/scopes.ts';
import {
  type Authorizer,
  type AuthorizerContext,
  type AuthorizerRejection,
  createAuthorizer,
} from '../../../../../local/aws/api-gateway/authorizer.ts';

// The local authorizer must accept and reject the same tokens as API Gateway; the rules are in its documentation:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html

const issuer = 'https://issuer.example/';
const audiences = ['eks-jobs', 'other'];
const pair = (): { privateKey: KeyObject; publicKey: KeyObject } =>
  generateKeyPairSync('rsa', { modulusLength: 2048 });
const { privateKey, publicKey } = pair();
const keys = createLocalJWKSet({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one' }] });
const now = (): number => Math.floor(Date.now() / 1000);
const route = ['jobs:read', 'jobs:admin'];
let authorizer: Authorizer;

beforeAll(() => {
  authorizer = createAuthorizer({ issuer, audiences, keys }, scopesOf);
});

interface Signing {
  header?: JWTHeaderParameters;
  key?: KeyObject;
}

/** Claims, including values that an issuer should not use. */
type Claims = Record<string, unknown>;

/** Makes a token that is accepted, with the given changes; undefined removes a claim. */
function token(claims: Claims = {}, { header, key = privateKey }: Signing = {}): Promise<string> {
  const usual = { iss: issuer, aud: 'eks-jobs', sub: 'alice', scope: 'jobs:read', exp: now() + 60 };
  return new SignJWT({ ...usual, ...claims })
    .setProtectedHeader(header ?? { alg: 'RS256', kid: 'one' })
    .sign(key);
}

const authorize = (
  header: string | undefined,
  scopes = route,
): Promise<AuthorizerContext | AuthorizerRejection> => authorizer(header, scopes);
const rejection = (description: string): AuthorizerRejection => ({
  statusCode: 401,
  message: 'Unauthorized',
  challenge: `Bearer scope="jobs:read jobs:admin" error="invalid_token" error_description="${description}"`,
});

describe('a token is accepted', () => {
  test.each(['Bearer ', 'bearer  ', ''])('with "%s" before it', async (prefix) => {
    expect(await authorize(prefix + (await token()))).toMatchObject({ jwt: { claims: { sub: 'alice' } } });
  });

  test.each<[string, Claims]>([
    ['for one of the audiences', { aud: 'other' }],
    ['for several audiences, one of them accepted', { aud: ['unknown', 'eks-jobs'] }],
    [
      'with client_id in place of the audience, as Cognito issues it',
      { aud: undefined, client_id: 'eks-jobs' },
    ],
    ['that is valid from now on', { nbf: now() }],
    ['that was issued just now', { iat: now() }],
    ['with scp as Microsoft writes it', { scope: undefined, scp: 'jobs:read jobs:write' }],
    ['with scp as Okta writes it', { scope: undefined, scp: ['openid', 'jobs:read'] }],
    ['with only the scope of an admin', { scope: 'jobs:admin' }],
  ])('%s', async (_name, claims) => {
    expect(await authorize(await token(claims))).toHaveProperty('jwt');
  });

  test.each(['RS256', 'RS384', 'RS512'])('signed with %s', async (alg) => {
    expect(await authorize(await token({}, { header: { alg, kid: 'one' } }))).toHaveProperty('jwt');
  });
});

describe('a token is rejected', () => {
  test.each<[string, Claims, string]>([
    ['that has expired', { exp: now() - 1 }, 'the token has expired'],
    ['that never expires', { exp: undefined }, 'the token has no expiration time (exp)'],
    ['from another issuer', { iss: 'https://issuer.example' }, 'the token is from another issuer'],
    ['without an issuer', { iss: undefined }, 'the token is from another issuer'],
    ['for another audience', { aud: 'others' }, 'the token does not have a valid audience'],
    ['without an audience', { aud: undefined }, 'the token does not have a valid audience'],
    [
      'for others, of a right client',
      { aud: 'x', client_id: 'eks-jobs' },
      'the token does not have a valid audience',
    ],
    [
      'for several audiences, none of them accepted',
      { aud: ['a', 'b'] },
      'the token does not have a valid audience',
    ],
    ['that is not valid yet', { nbf: now() + 60 }, 'the token is not valid yet'],
    ['that was issued in the future', { iat: now() + 60 }, 'the token was issued in the future'],
  ])('%s', async (_name, claims, description) => {
    expect(await authorize(`Bearer ${await token(claims)}`)).toEqual(rejection(description));
  });

  const otherAlgorithm = 'the token is not signed with one of RS256, RS384, RS512';
  const wrongSignature = 'the signature does not match the key of the issuer';
  const unknownKey = 'the issuer does not have a key with the kid of the token';
  test.each<[string, () => Promise<string> | string, string]>([
    ['signed with another key', () => token({}, { key: pair().privateKey }), wrongSignature],
    [
      'with the kid of a key that the issuer does not have',
      () => token({}, { header: { alg: 'RS256', kid: 'two' } }),
      unknownKey,
    ],
    ['without a kid', () => token({}, { header: { alg: 'RS256' } }), 'the token has no kid'],
    [
      'signed with an elliptic curve',
      () => {
        const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        return token({}, { header: { alg: 'ES256', kid: 'one' }, key });
      },
      otherAlgorithm,
    ],
    [
      // The public key is known to all: a verifier that takes the algorithm from the token would use it as the secret.
      'signed with the public key as a shared secret',
      () => {
        const key = createSecretKey(publicKey.export({ type: 'spki', format: 'pem' }).toString(), 'utf8');
        return token({}, { header: { alg: 'HS256', kid: 'one' }, key });
      },
      otherAlgorithm,
    ],
    ['that is not signed', () => unsigned(), otherAlgorithm],
    [
      'that brings its own key',
      () => {
        const otherPair = pair();
        const jwk = otherPair.publicKey.export({ format: 'jwk' });
        return token({}, { header: { alg: 'RS256', kid: 'mine', jwk }, key: otherPair.privateKey });
      },
      unknownKey,
    ],
    ['that is cut off', async () => (await token()).slice(0, -2), wrongSignature],
    ['that is not a JWT', () => 'Basic YWxpY2U6c2VjcmV0', 'this is not a token'],
    ['that occurs twice', async () => `${await token()},Bearer ${await token()}`, 'this is not a token'],
  ])('%s', async (_name, made, description) => {
    expect(await authorize(`Bearer ${await made()}`)).toEqual(rejection(description));
  });

  function unsigned(): string {
    const [, payload = ''] = new UnsecuredJWT({ iss: issuer, aud: 'eks-jobs', exp: now() + 60 })
      .encode()
      .split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none', kid: 'one' })).toString('base64url');
    return `${header}.${payload}.`;
  }

  test('that is changed at any one position', async () => {
    const good = await token();
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 2), fc.constantFrom(...letters.split('')), async (at, letter) => {
        fc.pre(good[at] !== letter && good[at] !== '.');
        const changed = `${good.slice(0, at)}${letter}${good.slice(at + 1)}`;
        expect(await authorize(`Bearer ${changed}`)).toMatchObject({ statusCode: 401 });
      }),
      { numRuns: 300 },
    );
  });

  test('with 401 and without a crash, whatever the header contains', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((each) => `Bearer ${each}`),
      threeParts(),
    );
    await fc.assert(
      fc.asyncProperty(text, async (header) => {
        expect(await authorize(header)).toMatchObject({ statusCode: 401, message: 'Unauthorized' });
      }),
      { numRuns: 500 },
    );
  });

  const threeParts = (): fc.Arbitrary<string> =>
    fc
      .array(
        fc
          .oneof(fc.json(), fc.constant('{"alg":"RS256","kid":"one"}'))
          .map((each) => Buffer.from(each).toString('base64url')),
        { minLength: 1, maxLength: 5 },
      )
      .map((parts) => parts.join('.'));

  // RFC 6750, section 3: without a token the challenge names only the scheme.
  test.each([undefined, '', 'Bearer', 'Bearer '])('that is missing: %p', async (header) => {
    const challenge = header === 'Bearer' ? expect.stringContaining('invalid_token') : 'Bearer';
    expect(await authorize(header)).toEqual({ statusCode: 401, message: 'Unauthorized', challenge });
  });
});

describe('scopes', () => {
  test.each<[string, Claims]>([
    ['no scopes', { scope: undefined }],
    ['other scopes', { scope: 'jobs:write openid' }],
    ['scopes that only begin with the same text', { scope: 'jobs:readers jobs:admins' }],
    ['a scope in capital letters', { scope: 'JOBS:READ' }],
  ])('a valid token with %s is forbidden', async (_name, claims) => {
    expect(await authorize(`Bearer ${await token(claims)}`)).toEqual({
      statusCode: 403,
      message: 'Forbidden',
      challenge:
        'Bearer scope="jobs:read jobs:admin" error="insufficient_scope" error_description="the token has none of the scopes"',
    });
  });

  // Without a valid token, the response must not reveal which scopes a route requires.
  test('an invalid token is unauthorized, whatever its scopes', async () => {
    expect(await authorize(await token({ scope: undefined, exp: now() - 1 }))).toMatchObject({
      statusCode: 401,
    });
  });
});

test('a function gets claims as API Gateway passes them: as texts', async () => {
  const exp = now() + 60;
  const claims = {
    exp,
    scope: undefined,
    scp: ['jobs:read', 'x'],
    admin: true,
    nothing: null,
    aud: ['eks-jobs', 'b'],
  };
  expect(await authorize(await token(claims))).toEqual({
    jwt: {
      claims: {
        iss: issuer,
        sub: 'alice',
        exp: String(exp),
        scp: '[jobs:read x]',
        admin: 'true',
        aud: '[eks-jobs b]',
      },
      scopes: ['jobs:read', 'x'],
    },
  });
});

test('without the keys of the issuer a token is neither accepted nor rejected', async () => {
  const unreachable = () => Promise.reject(new Error('no answer'));
  const broken = createAuthorizer({ issuer, audiences, keys: unreachable }, scopesOf);
  await expect(broken(await token(), route)).rejects.toThrow('no answer');
});
