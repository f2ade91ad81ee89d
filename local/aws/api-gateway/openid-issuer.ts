import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import { describeError } from '../../../lib/describe-error.ts';
import { UserError } from '../../../lib/user-error.ts';

/** How long an issuer may take to respond, in milliseconds. */
const timeout = 5000;

/** How long an issuer's response may be, in bytes. */
const responseLimit = 1024 * 1024;

/** Checks that a URL's response cannot be changed on its way: it comes by HTTPS, or from this machine. */
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
 * Finds the public keys of an OpenID provider as API Gateway does: through its configuration (OpenID Connect Discovery
 * 1.0, section 4). The keys are kept for ten minutes. An unknown kid makes it read them again, at most every 30 seconds.
 * @throws UserError when the configuration cannot be read, or names another issuer.
 */
export async function findIssuerKeys(issuer: string, signal: AbortSignal): Promise<JWTVerifyGetKey> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const configuration = await readConfiguration(url, signal);
  if (configuration.issuer !== issuer) {
    throw new UserError(`${url} names the issuer ${configuration.issuer}: use exactly that as --jwt-issuer`);
  }
  return createRemoteJWKSet(configuration.jwks_uri, {
    timeoutDuration: timeout,
    [customFetch]: fetchLimited,
  });
}

async function readConfiguration(url: string, signal: AbortSignal): Promise<z.infer<typeof Configuration>> {
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    const response = await fetchLimited(url, { redirect: 'error', signal: limited });
    if (!response.ok) throw new Error(`the response is ${response.status}`);
    return Configuration.parse(await response.json());
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : describeError(error);
    throw new UserError(`${url}, the configuration of --jwt-issuer, cannot be read: ${reason}`);
  }
}

/** Fetches a URL with a limit on the response, which `fetch` does not have. */
async function fetchLimited(url: string, options: RequestInit): Promise<Response> {
  const { body, status, headers } = await fetch(url, options);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > responseLimit) throw new Error('the response is too long');
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status, headers });
}
