import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { calculateJwkThumbprint, createLocalJWKSet, type JWK, SignJWT } from 'jose';
import { UserError } from '../../../lib/user-error.ts';
import type { TrustedIssuer } from './verify.ts';

/** The key that signs this machine's tokens. It is RSA, because API Gateway accepts nothing else. */
export interface SigningKey {
  privateKey: KeyObject;
  kid: string;
}

const issuer = 'urn:eks-jobs:local';
const audience = 'eks-jobs';

/** What a token allows. */
export interface Grant {
  /** The owner of what the token creates. */
  sub: string;
  /** Scopes, separated by spaces. */
  scope: string;
  /** How long the token is valid, in seconds. */
  seconds: number;
}

/** Issues a token of this machine, in the form of an OAuth 2.0 access token (RFC 9068). */
export function issueToken(key: SigningKey, { sub, scope, seconds }: Grant): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: key.kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(sub)
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(key.privateKey);
}

/** Returns the issuer for an authorizer that accepts the tokens signed by this key. */
export function localIssuer({ privateKey, kid }: SigningKey): TrustedIssuer {
  const key = { ...publicPart(privateKey), kid, use: 'sig', alg: 'RS256' };
  return { issuer, audiences: [audience], keys: createLocalJWKSet({ keys: [key] }) };
}

/**
 * Opens the key in this file, which only its owner may read. Creates the file if it does not exist.
 * @throws UserError when the file cannot be written or read, is not an RSA key, or others may read it.
 */
export async function openSigningKey(path: string): Promise<SigningKey> {
  try {
    if (!existsSync(path)) createKeyFile(path);
    const privateKey = createPrivateKey(readSecret(path));
    if (privateKey.asymmetricKeyType !== 'rsa') throw new Error('it is not an RSA key');
    return { privateKey, kid: await calculateJwkThumbprint(publicPart(privateKey)) };
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `the key of the tokens, ${path}, cannot be used: ${reason}. Delete it to get a new key`,
    );
  }
}

const publicPart = (privateKey: KeyObject): JWK => createPublicKey(privateKey).export({ format: 'jwk' });

/** Creates the key file completely or not at all. Of two processes at the same time, the second uses the first one's key. */
function createKeyFile(path: string): void {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
    linkSync(draft, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readSecret(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const permissionsOfOthers = fstatSync(file).mode & 0o077;
    if (permissionsOfOthers !== 0) {
      throw new UserError(`other users can read or write the key of the tokens: run chmod 600 ${path}`);
    }
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
