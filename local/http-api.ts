import { scopesFor, scopesOf } from '../api/scopes.ts';
import type { AuthorizationOptions } from './authorization-options.ts';
import { type Authorizer, createAuthorizer } from './aws/api-gateway/authorizer.ts';
import type { Route } from './aws/api-gateway/gateway.ts';
import { localIssuer, openSigningKey } from './aws/api-gateway/local-issuer.ts';
import { findIssuerKeys } from './aws/api-gateway/openid-issuer.ts';
import type { InvokeLambda } from './aws/invocation.ts';
import type { DeployedFunction } from './service-definition.ts';

/** Lists the routes of the deployed functions, each with the scopes of its method. */
export const routesOf = (functions: readonly DeployedFunction[], invoke: InvokeLambda): Route[] =>
  functions.flatMap(({ name, routes }) =>
    routes.map((routeKey) => ({
      routeKey,
      scopes: scopesFor(routeKey.split(' ')[0] ?? ''),
      invoke: (event) => invoke(name, event),
    })),
  );

/**
 * Opens the authorizer of `--auth jwt`: for the tokens of the issuer that the user named, else for those of `npm run token`.
 * @param keyFile the key that signs the tokens of `npm run token`.
 * @throws UserError when the issuer's configuration or the key file cannot be used.
 */
export async function openAuthorizer(
  { issuer }: AuthorizationOptions,
  keyFile: string,
  signal: AbortSignal,
): Promise<Authorizer> {
  if (!issuer) return createAuthorizer(localIssuer(await openSigningKey(keyFile)), scopesOf);
  const { url, audiences } = issuer;
  const keys = await findIssuerKeys(url, signal);
  return createAuthorizer({ issuer: url, audiences, keys }, scopesOf);
}
