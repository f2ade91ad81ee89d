import { describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { callerOf, ownerOf } from '../../../../handlers/middleware/caller.ts';
import { Forbidden } from '../../../../jobs/errors.ts';

/** A request as API Gateway hands it on after its authorizer; of the rest callerOf reads nothing. */
const request = (authorizer?: object): APIGatewayProxyEventV2 =>
  ({ requestContext: { ...(authorizer && { authorizer }) } }) as unknown as APIGatewayProxyEventV2;
const caller = (authorizer?: object) => callerOf(request(authorizer), 'nobody');
const holder = (claims: object) => caller({ jwt: { claims: { sub: 'alice', ...claims }, scopes: null } });

describe('who asks', () => {
  test('is the subject of the token', () => {
    expect(holder({})).toEqual({ owner: 'alice', admin: false });
  });

  test('is the IAM identity that signed', () => {
    const userArn = 'arn:aws:sts::123456789012:assumed-role/jobs/alice';
    expect(caller({ iam: { userArn } })).toEqual({ owner: userArn, admin: false });
  });

  test('is whom the setting names, where there is no authorizer', () => {
    expect(caller()).toEqual({ owner: 'nobody', admin: false });
  });

  // An owner that many share, or none can be, would show people each other's jobs; a text too long for the index's key would
  // fail only in the state machine, after the 202.
  test.each([
    ['no subject', { jwt: { claims: {} } }],
    ['an empty subject', { jwt: { claims: { sub: '' } } }],
    ['a subject too long for the table', { jwt: { claims: { sub: 'a'.repeat(256) } } }],
    // Under this key lie the schedules of alice.
    ['a subject that is a key of somebody else’s', { jwt: { claims: { sub: 'SCHEDULE#alice' } } }],
    ['an authorizer of another kind', { lambda: { user: 'alice' } }],
  ])('cannot be %s: that is forbidden, and says why', (_name, authorizer) => {
    expect(() => ownerOf(request(authorizer), 'nobody')).toThrow(Forbidden);
    expect(() => ownerOf(request(authorizer), 'nobody')).toThrow(/who you are/);
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
  ])('is who holds the scope: %p', (claims) => {
    expect(holder(claims)).toEqual({ owner: 'alice', admin: true });
  });

  test.each([
    {},
    { scope: '' },
    { scope: 'jobs:administrator xjobs:admin' },
    { scope: 'jobs:admin,jobs:read' },
    { scope: 'JOBS:ADMIN' },
    { roles: 'jobs:admin' },
  ])('is nobody else: %p', (claims) => {
    expect(holder(claims)).toEqual({ owner: 'alice', admin: false });
  });

  test('is no IAM identity, whatever its name', () => {
    expect(caller({ iam: { userArn: 'arn:aws:iam::1:user/jobs:admin' } })).toMatchObject({ admin: false });
  });
});
