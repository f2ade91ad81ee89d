import * as z from 'zod';
import type { Configuration, Hooks } from './framework.ts';

const Authorization = z.discriminatedUnion('type', [
  z.object({ type: z.literal('iam') }),
  z.object({ type: z.literal('jwt'), jwtIssuer: z.string(), jwtAudience: z.string() }),
  z.object({ type: z.literal('none') }),
]);

const Route = z.union([
  z
    .string()
    .regex(/^\S+ \S+$/)
    .transform((text) => ({ method: text.split(' ')[0], path: text.split(' ')[1] })),
  z.looseObject({ method: z.string(), path: z.string(), authorizer: z.looseObject({}).optional() }),
]);

/** How the framework says each of them on a route. */
const authorizers = { iam: { type: 'aws_iam' }, jwt: { name: 'jwt' }, none: undefined };

/**
 * Puts the authorizer of `--param auth` before every route of the HTTP API: serverless.yml cannot forget one, so that nothing is
 * open unless `none` was asked for by name. What a route says of its authorizer itself (scopes) is kept.
 */
export function authorizeRoutes({ service }: Pick<Configuration, 'service'>): void {
  const authorization = Authorization.parse(service.custom?.['authorization']);
  const authorizer = authorizers[authorization.type];
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
    const { authorizer: own, ...route } = Route.parse(event.httpApi) as z.output<typeof Route> & {
      authorizer?: object;
    };
    // Scopes mean something in a token only.
    event.httpApi = authorizer
      ? { ...route, authorizer: { ...(authorization.type === 'jwt' && own), ...authorizer } }
      : route;
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
