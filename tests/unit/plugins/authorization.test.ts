import { describe, expect, test } from '@jest/globals';
import { authorizeRoutes } from '../../../plugins/authorization.ts';
import type { Configuration } from '../../../plugins/framework.ts';

/** A service of three routes, and a function without any. */
function service(
  authorization: unknown,
  routes: unknown[] = ['POST /jobs', 'GET /jobs', 'DELETE /jobs/{jobId}'],
): Configuration['service'] {
  return {
    custom: { authorization },
    provider: { stage: 'dev', httpApi: { metrics: true } },
    functions: { one: { events: routes.map((httpApi) => ({ httpApi })) }, two: {} },
  };
}

const routesOf = ({ functions }: Configuration['service']): unknown[] =>
  Object.values(functions)
    .flatMap(({ events }) => events ?? [])
    .map(({ httpApi }) => httpApi);

const jwt = { type: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'a,b' };

/** A route without an authorizer in serverless.yml must not be open. */
describe('every route', () => {
  test('requires a signature with auth=iam, without scopes, because signatures do not have any', () => {
    const made = service({ type: 'iam' });
    authorizeRoutes({ service: made });
    expect(routesOf(made)).toEqual([
      { method: 'POST', path: '/jobs', authorizer: { type: 'aws_iam' } },
      { method: 'GET', path: '/jobs', authorizer: { type: 'aws_iam' } },
      { method: 'DELETE', path: '/jobs/{jobId}', authorizer: { type: 'aws_iam' } },
    ]);
    expect(made.provider.httpApi).toEqual({ metrics: true });
  });

  // A token that may only read must not cancel; an admin's needs no other scope.
  test('requires a token of the issuer with auth=jwt, with a scope by its method', () => {
    const made = service(jwt);
    authorizeRoutes({ service: made });
    const [read, write] = [
      { name: 'jwt', scopes: ['jobs:read', 'jobs:admin'] },
      { name: 'jwt', scopes: ['jobs:write', 'jobs:admin'] },
    ];
    expect(routesOf(made)).toEqual([
      { method: 'POST', path: '/jobs', authorizer: write },
      { method: 'GET', path: '/jobs', authorizer: read },
      { method: 'DELETE', path: '/jobs/{jobId}', authorizer: write },
    ]);
    expect(made.provider.httpApi).toMatchObject({
      metrics: true,
      authorizers: { jwt: { issuerUrl: 'https://issuer.example', audience: ['a', 'b'] } },
    });
  });

  test('is open with auth=none only', () => {
    const made = service({ type: 'none' });
    authorizeRoutes({ service: made });
    expect(routesOf(made)).toEqual([
      { method: 'POST', path: '/jobs' },
      { method: 'GET', path: '/jobs' },
      { method: 'DELETE', path: '/jobs/{jobId}' },
    ]);
    for (const type of ['', 'open', undefined]) {
      expect(() => {
        authorizeRoutes({ service: service({ type }) });
      }).toThrow();
    }
  });

  // What the framework also takes, and what would hide a route from the rule by methods.
  test.each([
    '*',
    '* /jobs',
    { method: 'GET', path: '/jobs' },
    { method: 'GET', path: '/jobs', authorizer: { name: 'other' } },
  ])('cannot be written in another way: %p', (route) => {
    expect(() => {
      authorizeRoutes({ service: service(jwt, [route]) });
    }).toThrow('must be METHOD /path');
  });
});
