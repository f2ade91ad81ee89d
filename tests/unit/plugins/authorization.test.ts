import { describe, expect, test } from '@jest/globals';
import { authorizeRoutes } from '../../../plugins/authorization.ts';
import type { Configuration } from '../../../plugins/framework.ts';

/** A service of three routes, written in the ways serverless.yml can, and a function without any. */
function service(authorization: unknown): Configuration['service'] {
  return {
    custom: { authorization },
    provider: { stage: 'dev', httpApi: { metrics: true } },
    functions: {
      one: { events: [{ httpApi: 'POST /jobs' }, { httpApi: { method: 'GET', path: '/jobs' } }] },
      two: {
        events: [{ httpApi: { method: 'GET', path: '/jobs/{jobId}', authorizer: { scopes: ['read'] } } }],
      },
      three: {},
    },
  };
}

const routesOf = ({ functions }: Configuration['service']): unknown[] =>
  Object.values(functions)
    .flatMap(({ events }) => events ?? [])
    .map(({ httpApi }) => httpApi);

/** A route that serverless.yml says nothing of must not be an open one. */
describe('every route', () => {
  test('asks for a signature with auth=iam, and for no scopes, which signatures have not', () => {
    const made = service({ type: 'iam' });
    authorizeRoutes({ service: made });
    expect(routesOf(made)).toEqual([
      { method: 'POST', path: '/jobs', authorizer: { type: 'aws_iam' } },
      { method: 'GET', path: '/jobs', authorizer: { type: 'aws_iam' } },
      { method: 'GET', path: '/jobs/{jobId}', authorizer: { type: 'aws_iam' } },
    ]);
    expect(made.provider.httpApi).toEqual({ metrics: true });
  });

  test('asks for a token of the issuer with auth=jwt, and for its own scopes', () => {
    const made = service({ type: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'a,b' });
    authorizeRoutes({ service: made });
    expect(routesOf(made)).toEqual([
      { method: 'POST', path: '/jobs', authorizer: { name: 'jwt' } },
      { method: 'GET', path: '/jobs', authorizer: { name: 'jwt' } },
      { method: 'GET', path: '/jobs/{jobId}', authorizer: { name: 'jwt', scopes: ['read'] } },
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
      { method: 'GET', path: '/jobs/{jobId}' },
    ]);
    for (const type of ['', 'open', undefined]) {
      expect(() => {
        authorizeRoutes({ service: service({ type }) });
      }).toThrow();
    }
  });
});
