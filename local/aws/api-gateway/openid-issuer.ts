import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import { describeError } from '../../../lib/describe-error.ts';
import { UserError } from '../../../lib/user-error.ts';

/** How long an issuer may take to answer, in milliseconds, and how long its answer may be, in bytes. */
const patience = 5000;
const longestAnswer = 1024 * 1024;

/** Whether an address may say which keys are trusted: nobody on the way can change what comes by HTTPS, or from here. */
export const isTrustworthy = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname));

const Configuration = z.object({
  issuer: z.string(),
  jwks_uri: z
    .url()
    .transform((text) => new URL(text))
    .refine(isTrustworthy, 'must be https'),
});

/**
 * The public keys of an OpenID provider, found as API Gateway finds them: by its configuration (OpenID Connect Discovery
 * 1.0, section 4). They are kept for ten minutes; an unknown kid has them read again, at most every 30 seconds.
 * @throws UserError where the configuration cannot be read, or is another issuer's.
 */
export async function keysOfIssuer(issuer: string, signal: AbortSignal): Promise<JWTVerifyGetKey> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { issuer: itself, jwks_uri } = await read(address, signal);
  if (itself !== issuer) {
    throw new UserError(`${address} is of the issuer ${itself}: give exactly that as --jwt-issuer`);
  }
  return createRemoteJWKSet(jwks_uri, { timeoutDuration: patience, [customFetch]: fetchBounded });
}

async function read(address: string, signal: AbortSignal): Promise<z.infer<typeof Configuration>> {
  try {
    const until = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    const response = await fetchBounded(address, { redirect: 'error', signal: until });
    if (!response.ok) throw new Error(`the answer is ${response.status}`);
    return Configuration.parse(await response.json());
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : describeError(error);
    throw new UserError(`${address}, of --jwt-issuer, cannot be read: ${reason}`);
  }
}

/** fetch, which would read an endless answer to its end. */
async function fetchBounded(address: string, options: RequestInit): Promise<Response> {
  const { body, status, headers } = await fetch(address, options);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > longestAnswer) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status, headers });
}
