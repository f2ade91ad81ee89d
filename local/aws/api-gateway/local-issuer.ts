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
import { calculateJwkThumbprint, createLocalJWKSet, type JWK } from 'jose';
import { UserError } from '../../../lib/user-error.ts';
import type { Trust } from './verify.ts';

/** What signs this machine's own tokens. RSA, as API Gateway takes nothing else. */
export interface SigningKey {
  privateKey: KeyObject;
  kid: string;
}

/** What its tokens say of themselves. */
export const ownIssuer = 'urn:eks-jobs:local';
export const ownAudience = 'eks-jobs';

/**
 * The key in this file, which only its owner may read; it is made where there is none.
 * @throws UserError when it cannot be written or read, is none, or others may read it.
 */
export async function openSigningKey(path: string): Promise<SigningKey> {
  try {
    if (!existsSync(path)) makeKey(path);
    const privateKey = createPrivateKey(readSecret(path));
    if (privateKey.asymmetricKeyType !== 'rsa') throw new Error('it is no RSA key');
    return { privateKey, kid: await calculateJwkThumbprint(publicPart(privateKey)) };
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `the key of the tokens, ${path}, cannot be used: ${reason}; without it a new one is made`,
    );
  }
}

/** To take the tokens that this key signs. */
export function trustIn({ privateKey, kid }: SigningKey): Trust {
  const key = { ...publicPart(privateKey), kid, use: 'sig', alg: 'RS256' };
  return { issuer: ownIssuer, audiences: [ownAudience], keys: createLocalJWKSet({ keys: [key] }) };
}

const publicPart = (privateKey: KeyObject): JWK => createPublicKey(privateKey).export({ format: 'jwk' });

/** Whole or not at all, and once: of two that make it at the same time, the second takes the first one's. */
function makeKey(path: string): void {
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
    const others = fstatSync(file).mode & 0o077;
    if (others !== 0) {
      throw new UserError(`others may read or write the key of the tokens: chmod 600 ${path}`);
    }
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
