import type { STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import { causeOf } from '../../k8s/failure.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';
import type { Signable } from './authorization.ts';

/** Which region and which profile of ~/.aws; without them what AWS's own tools would take. */
export interface AwsOptions {
  region?: string;
  profile?: string;
}

/**
 * A client of AWS knows where credentials are: variables, profiles, SSO, web identity, containers, machines. It is loaded only when
 * it is needed: most calls go to an API that wants none.
 */
export async function openSts({ region, profile }: AwsOptions): Promise<STSClient> {
  const { STSClient } = await import('@aws-sdk/client-sts');
  return new STSClient({
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
  });
}

const clients = new Map<string, Promise<STSClient>>();

/** One client for all requests, so that credentials are looked for once. */
function clientFor(options: AwsOptions): Promise<STSClient> {
  const key = JSON.stringify([options.region, options.profile]);
  const client = clients.get(key) ?? openSts(options);
  clients.set(key, client);
  return client;
}

/**
 * AWS Signature Version 4 for API Gateway.
 * @returns the headers, signature included.
 * @throws CommandFailure when there is no region or there are no credentials.
 */
export async function sign(
  { method, url, headers, body }: Signable,
  options: AwsOptions,
): Promise<Record<string, string>> {
  const { config } = await clientFor(options);
  const region = await config.region().catch(() => {
    throw new CommandFailure('no region is known to sign for', {
      exitCode: exitCodes.unauthorized,
      hints: ['Give --region, or set AWS_REGION.'],
    });
  });
  const signer = new SignatureV4({
    service: 'execute-api',
    region,
    credentials: config.credentials,
    sha256: config.sha256,
  });
  try {
    const { headers: signed } = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: queryOf(url),
      headers: { ...headers, host: url.host },
      ...(body !== undefined && { body }),
    });
    return signed;
  } catch (error) {
    throw noCredentials(error, options);
  }
}

/** Why nobody's credentials could be found, in the SDK's words, and what to do. */
export const noCredentials = (error: unknown, { profile }: AwsOptions): CommandFailure =>
  new CommandFailure(`there are no AWS credentials to sign with: ${causeOf(error)}`, {
    exitCode: exitCodes.unauthorized,
    hints: [
      profile === undefined
        ? 'Give --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID; with SSO: aws sso login.'
        : `Look at profile ${profile} in ~/.aws; with SSO: aws sso login --profile ${profile}.`,
    ],
    cause: error,
  });

/** A parameter that comes twice is a list. */
function queryOf(url: URL): Record<string, string | string[]> {
  const names = new Set(url.searchParams.keys());
  return Object.fromEntries(
    [...names].map((name) => {
      const values = url.searchParams.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}
