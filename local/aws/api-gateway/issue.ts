import { SignJWT } from 'jose';
import { ownAudience, ownIssuer, type SigningKey } from './local-issuer.ts';

/** What a token says. */
export interface Grant {
  /** The owner of what its holder makes. */
  sub: string;
  /** What it allows: scopes with spaces between. */
  scope: string;
  /** For how long, in seconds. */
  seconds: number;
}

/** A token of this machine's own, as an OAuth 2.0 server would give it (RFC 9068). */
export function issueToken(key: SigningKey, { sub, scope, seconds }: Grant): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: key.kid })
    .setIssuer(ownIssuer)
    .setAudience(ownAudience)
    .setSubject(sub)
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(key.privateKey);
}
