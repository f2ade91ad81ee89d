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

// What is let in here must be let in by API Gateway, and what is not must not; the rules are those of its documentation:
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

/** Also what no issuer should say. */
type Claims = Record<string, unknown>;

/** A token that is let in, but for what is asked for otherwise; undefined takes a claim out. */
function token(claims: Claims = {}, { header, key = privateKey }: Signing = {}): Promise<string> {
  const usual = { iss: issuer, aud: 'eks-jobs', sub: 'alice', scope: 'jobs:read', exp: now() + 60 };
  return new SignJWT({ ...usual, ...claims })
    .setProtectedHeader(header ?? { alg: 'RS256', kid: 'one' })
    .sign(key);
}

const asked = (
  header: string | undefined,
  scopes = route,
): Promise<AuthorizerContext | AuthorizerRejection> => authorizer(header, scopes);
const refused = (description: string): AuthorizerRejection => ({
  statusCode: 401,
  message: 'Unauthorized',
  challenge: `Bearer scope="jobs:read jobs:admin" error="invalid_token" error_description="${description}"`,
});

describe('a token is let in', () => {
  test.each(['Bearer ', 'bearer  ', ''])('with "%s" before it', async (prefix) => {
    expect(await asked(prefix + (await token()))).toMatchObject({ jwt: { claims: { sub: 'alice' } } });
  });

  test.each<[string, Claims]>([
    ['for one of the audiences', { aud: 'other' }],
    ['for several audiences, of which one is right', { aud: ['strange', 'eks-jobs'] }],
    ['of a client, where it says no audience, as Cognito’s', { aud: undefined, client_id: 'eks-jobs' }],
    ['from now on', { nbf: now() }],
    ['issued a moment ago', { iat: now() }],
    ['with scp as Microsoft says it', { scope: undefined, scp: 'jobs:read jobs:write' }],
    ['with scp as Okta says it', { scope: undefined, scp: ['openid', 'jobs:read'] }],
    ['that is an admin’s and says nothing else', { scope: 'jobs:admin' }],
  ])('%s', async (_name, claims) => {
    expect(await asked(await token(claims))).toHaveProperty('jwt');
  });

  test.each(['RS256', 'RS384', 'RS512'])('signed with %s', async (alg) => {
    expect(await asked(await token({}, { header: { alg, kid: 'one' } }))).toHaveProperty('jwt');
  });
});

describe('a token is refused', () => {
  test.each<[string, Claims, string]>([
    ['that has expired', { exp: now() - 1 }, 'the token has expired'],
    ['that never expires', { exp: undefined }, 'the token has no expiration time (exp)'],
    ['of another issuer', { iss: 'https://issuer.example' }, 'the token is from another issuer'],
    ['of no issuer', { iss: undefined }, 'the token is from another issuer'],
    ['for others', { aud: 'others' }, 'the token does not have a valid audience'],
    ['for nobody', { aud: undefined }, 'the token does not have a valid audience'],
    [
      'for others, of a right client',
      { aud: 'x', client_id: 'eks-jobs' },
      'the token does not have a valid audience',
    ],
    ['for audiences beside the point', { aud: ['a', 'b'] }, 'the token does not have a valid audience'],
    ['not valid yet', { nbf: now() + 60 }, 'the token is not valid yet'],
    ['issued in the future', { iat: now() + 60 }, 'the token was issued in the future'],
  ])('%s', async (_name, claims, description) => {
    expect(await asked(`Bearer ${await token(claims)}`)).toEqual(refused(description));
  });

  const otherMeans = 'the token is not signed with one of RS256, RS384, RS512';
  const strange = 'the signature does not match the key of the issuer';
  const noKey = 'the issuer does not have a key with the kid of the token';
  test.each<[string, () => Promise<string> | string, string]>([
    ['signed with another key', () => token({}, { key: pair().privateKey }), strange],
    ['of a key the issuer does not have', () => token({}, { header: { alg: 'RS256', kid: 'two' } }), noKey],
    ['that names no key', () => token({}, { header: { alg: 'RS256' } }), 'the token has no kid'],
    [
      'signed with an elliptic curve',
      () => {
        const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        return token({}, { header: { alg: 'ES256', kid: 'one' }, key });
      },
      otherMeans,
    ],
    [
      // Everybody has the public key: a verifier that takes the algorithm from the token takes it for the secret.
      'signed with the public key as a shared secret',
      () => {
        const key = createSecretKey(publicKey.export({ type: 'spki', format: 'pem' }).toString(), 'utf8');
        return token({}, { header: { alg: 'HS256', kid: 'one' }, key });
      },
      otherMeans,
    ],
    ['that is not signed', () => unsigned(), otherMeans],
    [
      'that brings its own key',
      () => {
        const own = pair();
        const jwk = own.publicKey.export({ format: 'jwk' });
        return token({}, { header: { alg: 'RS256', kid: 'mine', jwk }, key: own.privateKey });
      },
      noKey,
    ],
    ['that is cut off', async () => (await token()).slice(0, -2), strange],
    ['that is none', () => 'Basic YWxpY2U6c2VjcmV0', 'this is not a token'],
    ['of which there are two', async () => `${await token()},Bearer ${await token()}`, 'this is not a token'],
  ])('%s', async (_name, made, description) => {
    expect(await asked(`Bearer ${await made()}`)).toEqual(refused(description));
  });

  function unsigned(): string {
    const [, payload = ''] = new UnsecuredJWT({ iss: issuer, aud: 'eks-jobs', exp: now() + 60 })
      .encode()
      .split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none', kid: 'one' })).toString('base64url');
    return `${header}.${payload}.`;
  }

  test('that is changed in any one place', async () => {
    const good = await token();
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 2), fc.constantFrom(...letters.split('')), async (at, letter) => {
        fc.pre(good[at] !== letter && good[at] !== '.');
        const changed = `${good.slice(0, at)}${letter}${good.slice(at + 1)}`;
        expect(await asked(`Bearer ${changed}`)).toMatchObject({ statusCode: 401 });
      }),
      { numRuns: 300 },
    );
  });

  test('and never a crash, whatever the header holds', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((each) => `Bearer ${each}`),
      threeParts(),
    );
    await fc.assert(
      fc.asyncProperty(text, async (header) => {
        expect(await asked(header)).toMatchObject({ statusCode: 401, message: 'Unauthorized' });
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

  // RFC 6750, section 3: who shows nothing is told only what to show.
  test.each([undefined, '', 'Bearer', 'Bearer '])('where there is none: %p', async (header) => {
    const challenge = header === 'Bearer' ? expect.stringContaining('invalid_token') : 'Bearer';
    expect(await asked(header)).toEqual({ statusCode: 401, message: 'Unauthorized', challenge });
  });
});

describe('scopes', () => {
  test.each<[string, Claims]>([
    ['none', { scope: undefined }],
    ['others', { scope: 'jobs:write openid' }],
    ['one that only begins like it', { scope: 'jobs:readers jobs:admins' }],
    ['one in other letters', { scope: 'JOBS:READ' }],
  ])('a good token with %s may not', async (_name, claims) => {
    expect(await asked(`Bearer ${await token(claims)}`)).toEqual({
      statusCode: 403,
      message: 'Forbidden',
      challenge:
        'Bearer scope="jobs:read jobs:admin" error="insufficient_scope" error_description="the token has none of the scopes"',
    });
  });

  // What a stranger may not do anyway must not be told from what is forbidden.
  test('a bad token is unauthorized, whatever its scopes', async () => {
    expect(await asked(await token({ scope: undefined, exp: now() - 1 }))).toMatchObject({ statusCode: 401 });
  });
});

test('a function hears claims as API Gateway says them: as texts', async () => {
  const exp = now() + 60;
  const claims = {
    exp,
    scope: undefined,
    scp: ['jobs:read', 'x'],
    admin: true,
    nothing: null,
    aud: ['eks-jobs', 'b'],
  };
  expect(await asked(await token(claims))).toEqual({
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

test('where the keys cannot be had nobody is let in, and nobody is called a liar', async () => {
  const unreachable = () => Promise.reject(new Error('no answer'));
  const broken = createAuthorizer({ issuer, audiences, keys: unreachable }, scopesOf);
  await expect(broken(await token(), route)).rejects.toThrow('no answer');
});
