import type { Authorization } from './api/authorization.ts';
import type { Connection } from './api/exchange.ts';
import { WrongUsage } from './failure.ts';

/** The options, and the variables behind them, that say where the API is and who asks. */
export interface ConnectionOptions {
  api?: string;
  token?: string;
  auth?: Authorization['kind'];
  region?: string;
  profile?: string;
}

/** Where `npm start` has it. */
export const localApi = 'http://127.0.0.1:3000';

/** An API's own address at API Gateway, which tells the region to sign for. */
const apiGateway = /^[a-z0-9]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/;

/**
 * Where the API is, and as whom to ask: by the token if there is one, by AWS's signature at API Gateway's own addresses, else as
 * nobody; unless `--auth` says otherwise.
 * @throws WrongUsage when the options contradict each other, or would show credentials to the network.
 */
export function connectionOf(options: ConnectionOptions): Connection {
  const url = addressOf(options.api ?? localApi);
  const authorization = authorizationOf(options, url);
  if (authorization.kind !== 'none' && url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new WrongUsage(`credentials are not sent to ${url.origin}: whoever is on the way could read them`, [
      'Give an https:// address; or --auth none, where the API wants no credentials.',
    ]);
  }
  return { url, authorization };
}

function authorizationOf({ token, auth, region, profile }: ConnectionOptions, url: URL): Authorization {
  const [, ownRegion] = apiGateway.exec(url.hostname) ?? [];
  const kind = auth ?? (token !== undefined ? 'jwt' : ownRegion !== undefined ? 'iam' : 'none');
  if (kind === 'none') return { kind };
  if (kind === 'jwt') {
    if (token !== undefined && /^[\x21-\x7e]+$/.test(token)) return { kind, token };
    throw new WrongUsage(
      token === undefined
        ? '--auth jwt needs a token'
        : 'the token holds what no token can: white space or control characters',
      ['Give --token, or set EKS_JOBS_TOKEN.'],
    );
  }
  const signedFor = region ?? ownRegion;
  return {
    kind,
    ...(signedFor !== undefined && { region: signedFor }),
    ...(profile !== undefined && { profile }),
  };
}

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new WrongUsage(`--api ${text} is no address`, [
      'Allowed: http:// or https:// and a host, as http://127.0.0.1:3000.',
    ]);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new WrongUsage('--api holds more than an address', [
      'Allowed: http:// or https://, a host and a path; tokens go into EKS_JOBS_TOKEN.',
    ]);
  }
  return url;
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
