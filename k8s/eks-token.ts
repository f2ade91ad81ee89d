import { SignatureV4 } from '@smithy/signature-v4';

/** Credentials and region to sign with: the resolved configuration of any AWS client has them. */
export type Signer = Pick<ConstructorParameters<typeof SignatureV4>[0], 'credentials' | 'sha256'> & {
  region: () => Promise<string>;
};

/** How long the signed URL is valid, as AWS's own tools write it, in seconds. The cluster accepts the token for 15 minutes. */
const expiresIn = 60;

const clusterHeader = 'x-k8s-aws-id';

/**
 * Makes a bearer token for an EKS cluster: a signed request GetCallerIdentity to STS, which the cluster sends to learn who we are
 * (github.com/kubernetes-sigs/aws-iam-authenticator, "API Authorization from Outside a Cluster").
 * @param cluster its name, which is signed too: the token is not valid for another cluster.
 */
export async function clusterToken(
  cluster: string,
  { region: regionOf, credentials, sha256 }: Signer,
): Promise<string> {
  const region = await regionOf();
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256 });
  const hostname = `sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  const request = {
    method: 'GET',
    protocol: 'https:',
    hostname,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host: hostname, [clusterHeader]: cluster },
  };
  const { query } = await signer.presign(request, {
    expiresIn,
    // A header that moved into the query would not be the one that the cluster sends.
    unhoistableHeaders: new Set([clusterHeader]),
  });
  const url = `https://${hostname}/?${queryOf(query ?? {})}`;
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
}

/** Encoded as it was signed. */
const queryOf = (query: Record<string, unknown>): string =>
  Object.entries(query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join('&');
