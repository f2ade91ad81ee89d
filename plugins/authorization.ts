import * as z from 'zod';
import { scopesFor } from '../api/scopes.ts';
import type { Configuration, Hooks } from './framework.ts';

const Authorization = z.discriminatedUnion('type', [
  z.object({ type: z.literal('iam') }),
  z.object({ type: z.literal('jwt'), jwtIssuer: z.string(), jwtAudience: z.string() }),
  z.object({ type: z.literal('none') }),
]);

/** A route of serverless.yml, which must not name an authorizer. */
const Route = z
  .string('must be METHOD /path')
  .regex(/^[A-Z]+ \/\S*$/, 'must be METHOD /path')
  .transform((text) => ({ method: text.split(' ')[0] ?? '', path: text.split(' ')[1] ?? '' }));

/** The authorizer of a route, as the framework expects it. AWS signatures do not have scopes. */
const authorizers = {
  iam: () => ({ type: 'aws_iam' }),
  jwt: (method: string) => ({ name: 'jwt', scopes: scopesFor(method) }),
  none: () => undefined,
};

/**
 * Adds the authorizer of `--param auth` to every route of the HTTP API: serverless.yml cannot forget one, so that a route is open
 * only with `none`. With `jwt` a route also requires a scope, by its method.
 */
export function authorizeRoutes({ service }: Pick<Configuration, 'service'>): void {
  const authorization = Authorization.parse(service.custom?.['authorization']);
  const authorizerOf = authorizers[authorization.type];
  if (authorization.type === 'jwt') {
    service.provider.httpApi = {
      ...service.provider.httpApi,
      authorizers: {
        jwt: {
          type: 'jwt',
          identitySource: '$request.header.Authorization',
          issuerUrl: authorization.jwtIssuer,
          audience: authorization.jwtAudience.split(','),
        },
      },
    };
  }
  for (const event of Object.values(service.functions).flatMap(({ events }) => events ?? [])) {
    if (event.httpApi === undefined) continue;
    const route = Route.parse(event.httpApi);
    const authorizer = authorizerOf(route.method);
    event.httpApi = authorizer ? { ...route, authorizer } : route;
  }
}

export default class AuthorizationPlugin {
  readonly hooks: Hooks;

  constructor(serverless: Configuration) {
    this.hooks = {
      initialize: () => {
        authorizeRoutes(serverless);
      },
    };
  }
}
