import type { ApiCredentials } from './api/credentials.ts';
import type { ApiConnection } from './api/exchange.ts';
import { WrongUsage } from './failure.ts';

/** The options, and the variables behind them, that select the API and the credentials. */
export interface ConnectionOptions {
  api?: string;
  token?: string;
  auth?: ApiCredentials['kind'];
  region?: string;
  profile?: string;
}

/** The address of `npm start`. */
export const localApi = 'http://127.0.0.1:3000';

/** An address of API Gateway, which contains the region to sign for. */
const apiGateway = /^[a-z0-9]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/;

/**
 * Selects the API and the credentials. The default is the token if there is one, AWS signatures at API Gateway's own addresses, and
 * otherwise no credentials; `--auth` overrides it.
 * @throws WrongUsage when the options contradict each other, or would expose credentials to the network.
 */
export function resolveConnection(options: ConnectionOptions): ApiConnection {
  const url = parseAddress(options.api ?? localApi);
  const credentials = selectCredentials(options, url);
  if (credentials.kind !== 'none' && url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new WrongUsage(`credentials are not sent to ${url.origin}: http:// is not encrypted`, [
      'Use an https:// address; or --auth none, if the API requires no credentials.',
    ]);
  }
  return { url, credentials };
}

function selectCredentials({ token, auth, region, profile }: ConnectionOptions, url: URL): ApiCredentials {
  const [, regionOfAddress] = apiGateway.exec(url.hostname) ?? [];
  const kind = auth ?? (token !== undefined ? 'jwt' : regionOfAddress !== undefined ? 'iam' : 'none');
  if (kind === 'none') return { kind };
  if (kind === 'jwt') {
    if (token !== undefined && /^[\x21-\x7e]+$/.test(token)) return { kind, token };
    throw new WrongUsage(
      token === undefined
        ? '--auth jwt requires a token'
        : 'the token contains white space, control or non-ASCII characters',
      ['Set EKS_JOBS_TOKEN, or use --token.'],
    );
  }
  const signingRegion = region ?? regionOfAddress;
  return {
    kind,
    ...(signingRegion !== undefined && { region: signingRegion }),
    ...(profile !== undefined && { profile }),
  };
}

function parseAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new WrongUsage(`--api ${text} is not a valid address`, [
      'Allowed: http:// or https:// and a host, such as http://127.0.0.1:3000.',
    ]);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new WrongUsage('--api contains more than an address', [
      'Allowed: http:// or https://, a host and a path. Put a token into EKS_JOBS_TOKEN.',
    ]);
  }
  return url;
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
