import * as z from 'zod';
import { scopesFor } from '../api/scopes.ts';
import type { Configuration, Hooks } from './framework.ts';

const Authorization = z.discriminatedUnion('type', [
  z.object({ type: z.literal('iam') }),
  z.object({ type: z.literal('jwt'), jwtIssuer: z.string(), jwtAudience: z.string() }),
  z.object({ type: z.literal('none') }),
]);

/** A route as serverless.yml says it; its authorizer is not the route's to say. */
const Route = z
  .string('must be METHOD /path')
  .regex(/^[A-Z]+ \/\S*$/, 'must be METHOD /path')
  .transform((text) => ({ method: text.split(' ')[0] ?? '', path: text.split(' ')[1] ?? '' }));

/** How the framework says each of them on a route. Signatures of AWS have no scopes. */
const authorizers = {
  iam: () => ({ type: 'aws_iam' }),
  jwt: (method: string) => ({ name: 'jwt', scopes: scopesFor(method) }),
  none: () => undefined,
};

/**
 * Puts the authorizer of `--param auth` before every route of the HTTP API: serverless.yml cannot forget one, so that nothing is
 * open unless `none` was asked for by name. With `jwt` a route asks for a scope too, by its method.
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
