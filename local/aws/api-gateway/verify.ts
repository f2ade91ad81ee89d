import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';

/** An issuer whose tokens are accepted, and the audiences of which a token must name one. */
export interface TrustedIssuer {
  issuer: string;
  audiences: readonly string[];
  /** Finds the issuer's public key for a token. */
  keys: JWTVerifyGetKey;
}

/** The token is not valid. The message gives the reason, and nothing of the token: the caller reads it. */
export class TokenRejected extends Error {
  override readonly name = 'TokenRejected';
}

/** API Gateway accepts only RSA signatures. */
const algorithms = ['RS256', 'RS384', 'RS512'];

/** The reasons by jose's error code. */
const reasons: Partial<Record<errors.JOSEErrorCode | (string & {}), string>> = {
  ERR_JWS_INVALID: 'this is not a token',
  ERR_JWT_INVALID: 'this is not a token',
  ERR_JOSE_NOT_SUPPORTED: 'the token uses a feature that is not supported',
  ERR_JOSE_ALG_NOT_ALLOWED: `the token is not signed with one of ${algorithms.join(', ')}`,
  ERR_JWKS_NO_MATCHING_KEY: 'the issuer does not have a key with the kid of the token',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'the issuer has several keys with the kid of the token',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'the signature does not match the key of the issuer',
  ERR_JWT_EXPIRED: 'the token has expired',
};

/** The reasons by claim. API Gateway documents its text for the audience only; `verifyToken` uses that one. */
const claimReasons: Record<string, string> = {
  iss: 'the token is from another issuer',
  exp: 'the token has no expiration time (exp)',
  nbf: 'the token is not valid yet',
  iat: 'the token was issued in the future',
};

/**
 * Verifies a token as the JWT authorizer of an HTTP API does: the signature by the key with the token's kid, iss, aud or
 * else client_id, exp, nbf, iat; without leeway. Stricter than the documentation in one point: exp is required.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
 * @returns the claims.
 * @throws TokenRejected when the token is not valid.
 * @throws Error when the issuer's keys cannot be read.
 */
export async function verifyToken(
  token: string,
  issuer: TrustedIssuer,
  now = new Date(),
): Promise<JWTPayload> {
  const claims = await verifySignature(token, issuer, now);
  const { aud = claims['client_id'], iat } = claims;
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!issuer.audiences.some((audience) => audiences.includes(audience))) {
    throw new TokenRejected('the token does not have a valid audience');
  }
  if (iat !== undefined && iat > now.getTime() / 1000) throw new TokenRejected(claimReasons['iat']);
  return claims;
}

async function verifySignature(
  token: string,
  { issuer, keys }: TrustedIssuer,
  now: Date,
): Promise<JWTPayload> {
  const keyByKid: JWTVerifyGetKey = (header, input) => {
    if (typeof header.kid !== 'string') throw new TokenRejected('the token has no kid');
    return keys(header, input);
  };
  const options = { algorithms, issuer, requiredClaims: ['exp'], currentDate: now };
  try {
    return (await jwtVerify(token, keyByKid, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    const reason =
      error instanceof errors.JWTClaimValidationFailed
        ? (claimReasons[error.claim] ?? `the claim ${error.claim} is not valid`)
        : reasons[error.code];
    throw reason === undefined ? error : new TokenRejected(reason);
  }
}
