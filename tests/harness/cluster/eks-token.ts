import * as z from 'zod';

/** The check of a token that EKS does before it calls STS (sigs.k8s.io/aws-iam-authenticator, package token). */

const lifetime = 15 * 60_000;

/** The query of the URL. Other parameters are not allowed; the case of names does not matter. */
const Query = z.strictObject({
  action: z.literal('GetCallerIdentity'),
  version: z.literal('2011-06-15'),
  'x-amz-algorithm': z.literal('AWS4-HMAC-SHA256'),
  'x-amz-credential': z.string().regex(/^[A-Z0-9]{4,128}\/\d{8}\/[a-z0-9-]+\/sts\/aws4_request$/i),
  'x-amz-date': z.string().regex(/^\d{8}T\d{6}Z$/),
  'x-amz-expires': z.coerce.number().int().min(0).max(900),
  'x-amz-security-token': z.string().min(1).optional(),
  'x-amz-signature': z.string().regex(/^[0-9a-f]{64}$/),
  'x-amz-signedheaders': z
    .string()
    .refine((text) => text.toLowerCase().split(';').includes('x-k8s-aws-id'), 'the cluster is not signed'),
});

const dateOf = (text: string): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

/**
 * Reads the pre-signed request to STS from a token.
 * @throws Error with the reason why the token is invalid.
 */
export function readToken(token: string, now: number): URL {
  if (token.length > 4096) throw new Error('the token is too long');
  const [, encoded = ''] = /^k8s-aws-v1\.([A-Za-z0-9_-]+)$/.exec(token) ?? [];
  if (encoded === '') throw new Error('the token does not have the form of EKS tokens');
  const url = new URL(Buffer.from(encoded, 'base64url').toString());
  if (url.protocol !== 'https:' || url.pathname !== '/') throw new Error('the URL is not of STS');
  if (!/^sts\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/.test(url.host)) throw new Error(`${url.host} is not STS`);
  const names = [...url.searchParams.keys()].map((name) => name.toLowerCase());
  if (new Set(names).size !== names.length) throw new Error('a parameter occurs twice');
  const query = Query.parse(
    Object.fromEntries([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value])),
  );
  if (now > dateOf(query['x-amz-date']) + lifetime) throw new Error('the token has expired');
  return url;
}
