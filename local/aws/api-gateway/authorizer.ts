import type { JWTPayload } from 'jose';
import { TokenRejected, type TrustedIssuer, verifyToken } from './verify.ts';

/** What a function finds at `requestContext.authorizer`. */
export interface AuthorizerContext {
  jwt: { claims: Record<string, string>; scopes: string[] };
}

/** What API Gateway responds in place of the function. */
export interface AuthorizerRejection {
  statusCode: 401 | 403;
  message: 'Unauthorized' | 'Forbidden';
  /** The header `www-authenticate` (RFC 6750, section 3). */
  challenge: string;
}

/** Decides on a request by its header Authorization and the route's scopes, of which the token must hold one. */
export type Authorizer = (
  header: string | undefined,
  scopes: readonly string[],
) => Promise<AuthorizerContext | AuthorizerRejection>;

/**
 * Creates a JWT authorizer as an HTTP API has it, with the identity source `$request.header.Authorization`.
 * @param scopesOf reads the scopes from a token's claims.
 */
export const createAuthorizer =
  (issuer: TrustedIssuer, scopesOf: (claims: Record<string, string>) => string[]): Authorizer =>
  async (header = '', scopes) => {
    // API Gateway accepts a token with "Bearer" before it or without.
    const token = header.replace(/^bearer +/i, '').trim();
    if (token === '') return unauthorized('Bearer');
    try {
      const claims = claimTexts(await verifyToken(token, issuer));
      const held = scopesOf(claims);
      if (scopes.some((scope) => held.includes(scope))) return { jwt: { claims, scopes: held } };
      const challenge = challengeOf(scopes, 'insufficient_scope', 'the token has none of the scopes');
      return { statusCode: 403, message: 'Forbidden', challenge };
    } catch (error) {
      if (!(error instanceof TokenRejected)) throw error;
      return unauthorized(challengeOf(scopes, 'invalid_token', error.message));
    }
  };

const unauthorized = (challenge: string): AuthorizerRejection => ({
  statusCode: 401,
  message: 'Unauthorized',
  challenge,
});

const challengeOf = (scopes: readonly string[], error: string, description: string): string =>
  `Bearer scope="${scopes.join(' ')}" error="${error}" error_description="${description}"`;

/** Converts claims to texts, as API Gateway passes them on: an array becomes its items in brackets, separated by spaces. */
function claimTexts(claims: JWTPayload): Record<string, string> {
  const present = Object.entries(claims).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, claimText(value)]));
}

function claimText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(claimText).join(' ')}]`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
