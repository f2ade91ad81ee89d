import type { JWTPayload } from 'jose';
import { scopesOf } from '../../../api/scopes.ts';
import type { Authorization } from '../../authorization-options.ts';
import { keysOfIssuer } from './openid-issuer.ts';
import { TokenRefused } from './rejection.ts';
import { openSigningKey, trustIn } from './local-issuer.ts';
import { type Trust, verifyToken } from './verify.ts';

/** What a function finds at `requestContext.authorizer`. */
export interface Authorized {
  jwt: { claims: Record<string, string>; scopes: string[] };
}

/** What API Gateway answers instead of the function. */
export interface Refused {
  statusCode: 401 | 403;
  message: 'Unauthorized' | 'Forbidden';
  /** The header `www-authenticate` (RFC 6750, section 3). */
  challenge: string;
}

/** Decides on a request: by its header Authorization, and the scopes of which the route wants one. */
export type Authorizer = (
  header: string | undefined,
  scopes: readonly string[],
) => Promise<Authorized | Refused>;

/**
 * The authorizer of `--auth jwt`.
 * @param keyFile where this machine's own key is.
 * @throws UserError where the issuer or the key file is of no use.
 */
export async function openAuthorizer(
  { issuer }: Authorization,
  keyFile: string,
  signal: AbortSignal,
): Promise<Authorizer> {
  if (!issuer) return authorizerFor(trustIn(await openSigningKey(keyFile)));
  const { url, audiences } = issuer;
  return authorizerFor({ issuer: url, audiences, keys: await keysOfIssuer(url, signal) });
}

/** A JWT authorizer as an HTTP API has it, with the identity source `$request.header.Authorization`. */
export const authorizerFor =
  (trust: Trust): Authorizer =>
  async (header = '', scopes) => {
    // With "Bearer" before it or without, as API Gateway takes it.
    const token = header.replace(/^bearer +/i, '').trim();
    if (token === '') return unauthorized('Bearer');
    try {
      const claims = textsOf(await verifyToken(token, trust));
      const held = scopesOf(claims);
      if (scopes.some((scope) => held.includes(scope))) return { jwt: { claims, scopes: held } };
      const challenge = challengeOf(scopes, 'insufficient_scope', 'the token has none of the scopes');
      return { statusCode: 403, message: 'Forbidden', challenge };
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      return unauthorized(challengeOf(scopes, 'invalid_token', error.message));
    }
  };

const unauthorized = (challenge: string): Refused => ({
  statusCode: 401,
  message: 'Unauthorized',
  challenge,
});

const challengeOf = (scopes: readonly string[], error: string, description: string): string =>
  `Bearer scope="${scopes.join(' ')}" error="${error}" error_description="${description}"`;

/** API Gateway hands claims on as texts: an array is its items in brackets, with spaces between. */
function textsOf(claims: JWTPayload): Record<string, string> {
  const said = Object.entries(claims).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(said.map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(' ')}]`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
