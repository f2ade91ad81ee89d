import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A role's session, as AssumeRole returns it. */
export interface Session {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  arn: string;
}

export interface FakeSts {
  url: string;
  stop(): Promise<void>;
}

/** Starts a fake STS with only GetCallerIdentity, for these sessions. It computes signatures without the AWS SDK. */
export async function startSts(sessions: readonly Session[]): Promise<FakeSts> {
  const server = createServer((request, response) => {
    const arn = identify(request, sessions);
    if (arn === undefined) response.writeHead(403).end('<Code>SignatureDoesNotMatch</Code>');
    else response.writeHead(200).end(`<GetCallerIdentityResult><Arn>${arn}</Arn></GetCallerIdentityResult>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

function identify({ url = '', headers }: IncomingMessage, sessions: readonly Session[]): string | undefined {
  const query = new URL(url, 'https://sts').searchParams;
  const parameter = (name: string): string => query.get(name) ?? '';
  const [accessKeyId, ...scope] = parameter('X-Amz-Credential').split('/');
  const session = sessions.find((known) => known.accessKeyId === accessKeyId);
  if (session?.sessionToken !== parameter('X-Amz-Security-Token')) return undefined;
  return signatureOf(query, scope, headers, session.secretAccessKey) === parameter('X-Amz-Signature')
    ? session.arn
    : undefined;
}

/** Computes the signature of a query (AWS IAM user guide, "Create a signed AWS API request"). */
function signatureOf(
  query: URLSearchParams,
  scope: readonly string[],
  headers: IncomingMessage['headers'],
  secret: string,
): string {
  const encode = (text: string): string =>
    encodeURIComponent(text).replaceAll(
      /[!'()*]/g,
      (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  const parameters = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort();
  const signed = (query.get('X-Amz-SignedHeaders') ?? '').split(';');
  const canonical = [
    ...['GET', '/', parameters.join('&')],
    ...signed.map((name) => `${name}:${String(headers[name])}`),
    ...['', signed.join(';'), sha256('')],
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', query.get('X-Amz-Date'), scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${secret}`);
  return hmac(key, text).toString('hex');
}
