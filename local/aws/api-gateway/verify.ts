import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { TokenRefused } from './rejection.ts';

/** Whose tokens are taken, and for whom they must be. */
export interface Trust {
  issuer: string;
  audiences: readonly string[];
  /** The issuer's public keys. */
  keys: JWTVerifyGetKey;
}

/** API Gateway takes signatures made with RSA only. */
const algorithms = ['RS256', 'RS384', 'RS512'];

/** What is said of each thing that can be wrong with a token; of the audience, as API Gateway says it. */
const reasons: Partial<Record<errors.JOSEErrorCode | (string & {}), string>> = {
  ERR_JWS_INVALID: 'this is not a token',
  ERR_JWT_INVALID: 'this is not a token',
  ERR_JOSE_NOT_SUPPORTED: 'the token needs what is not supported',
  ERR_JOSE_ALG_NOT_ALLOWED: `the token is signed by other means than ${algorithms.join(', ')}`,
  ERR_JWKS_NO_MATCHING_KEY: 'the issuer has no key with the kid of the token',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'the issuer has several keys with the kid of the token',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'the signature is not that of the issuer',
  ERR_JWT_EXPIRED: 'the token has expired',
};

const claimReasons: Record<string, string> = {
  iss: 'the token is of another issuer',
  exp: 'the token does not say when it expires',
  nbf: 'the token is not valid yet',
  iat: 'the token was issued in the future',
};

/**
 * Checks a token as the JWT authorizer of an HTTP API does: signature by the key of its kid, iss, aud or else client_id, exp,
 * nbf, iat; no leeway. Stricter than what is documented there: exp must be said.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
 * @returns its claims.
 * @throws TokenRefused
 * @throws Error where the issuer's keys could not be had.
 */
export async function verifyToken(token: string, trust: Trust, now = new Date()): Promise<JWTPayload> {
  const claims = await signed(token, trust, now);
  const { aud = claims['client_id'], iat } = claims;
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!trust.audiences.some((audience) => audiences.includes(audience))) {
    throw new TokenRefused('the token does not have a valid audience');
  }
  if (iat !== undefined && iat > now.getTime() / 1000) throw new TokenRefused(claimReasons['iat']);
  return claims;
}

async function signed(token: string, { issuer, keys }: Trust, now: Date): Promise<JWTPayload> {
  const keyOfItsKid: JWTVerifyGetKey = (header, input) => {
    if (typeof header.kid !== 'string') throw new TokenRefused('the token has no kid');
    return keys(header, input);
  };
  const options = { algorithms, issuer, requiredClaims: ['exp'], currentDate: now };
  try {
    return (await jwtVerify(token, keyOfItsKid, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    const reason =
      error instanceof errors.JWTClaimValidationFailed
        ? (claimReasons[error.claim] ?? `the claim ${error.claim} cannot be`)
        : reasons[error.code];
    throw reason === undefined ? error : new TokenRefused(reason);
  }
}
