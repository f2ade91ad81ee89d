import { describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { callerOf, ownerOf } from '../../../../handlers/middleware/caller.ts';
import { Forbidden } from '../../../../jobs/errors.ts';

/** A request as API Gateway passes it on after its authorizer; callerOf reads nothing else of it. */
const request = (authorizer?: object): APIGatewayProxyEventV2 =>
  ({ requestContext: { ...(authorizer && { authorizer }) } }) as unknown as APIGatewayProxyEventV2;
const caller = (authorizer?: object) => callerOf(request(authorizer), 'anonymous');
const holder = (claims: object) => caller({ jwt: { claims: { sub: 'alice', ...claims }, scopes: null } });

describe('the caller', () => {
  test('is the subject of the token', () => {
    expect(holder({})).toEqual({ owner: 'alice', admin: false });
  });

  test('is the IAM identity that signed', () => {
    const userArn = 'arn:aws:sts::123456789012:assumed-role/jobs/alice';
    expect(caller({ iam: { userArn } })).toEqual({ owner: userArn, admin: false });
  });

  test('is the configured owner if the API has no authorizer', () => {
    expect(caller()).toEqual({ owner: 'anonymous', admin: false });
  });

  // An owner that several callers share would show them each other's jobs. A text too long for the index's key would fail only
  // in the state machine, after the 202.
  test.each([
    ['no subject', { jwt: { claims: {} } }],
    ['an empty subject', { jwt: { claims: { sub: '' } } }],
    ['a subject too long for the table', { jwt: { claims: { sub: 'a'.repeat(256) } } }],
    // The schedules of alice are stored under this key.
    ['a subject that is another owner’s key', { jwt: { claims: { sub: 'SCHEDULE#alice' } } }],
    ['an authorizer of another kind', { lambda: { user: 'alice' } }],
  ])('cannot be %s: that is forbidden, with the reason', (_name, authorizer) => {
    expect(() => ownerOf(request(authorizer), 'anonymous')).toThrow(Forbidden);
    expect(() => ownerOf(request(authorizer), 'anonymous')).toThrow(
      /^The (request is not authenticated|token does not name an owner)/,
    );
  });
});

describe('an admin', () => {
  // API Gateway makes a text of every claim, of an array one in brackets.
  test.each([
    { scope: 'jobs:admin' },
    { scope: 'openid jobs:read jobs:admin' },
    { scp: 'jobs:read jobs:admin' },
    { scp: '[jobs:read jobs:admin]' },
    { scp: '[jobs:admin]', scope: 'openid' },
  ])('is a caller with the scope: %p', (claims) => {
    expect(holder(claims)).toEqual({ owner: 'alice', admin: true });
  });

  test.each([
    {},
    { scope: '' },
    { scope: 'jobs:administrator xjobs:admin' },
    { scope: 'jobs:admin,jobs:read' },
    { scope: 'JOBS:ADMIN' },
    { roles: 'jobs:admin' },
  ])('is not a caller with %p', (claims) => {
    expect(holder(claims)).toEqual({ owner: 'alice', admin: false });
  });

  test('is never an IAM identity, whatever its name', () => {
    expect(caller({ iam: { userArn: 'arn:aws:iam::1:user/jobs:admin' } })).toMatchObject({ admin: false });
  });
});
