import type { STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import { describeError } from '../../lib/describe-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';

/** How the command authenticates its caller. */
export type ApiCredentials =
  { kind: 'none' } | { kind: 'jwt'; token: string } | ({ kind: 'iam' } & AwsOptions);

/** The region and the profile of ~/.aws; without them the AWS SDK's defaults apply. */
export interface AwsOptions {
  region?: string;
  profile?: string;
}

/** A request without its authentication. */
export interface UnsignedRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: string | undefined;
}

/**
 * Adds the authentication to the headers of a request. A signature is valid only for this request, and for some minutes.
 * @throws CommandFailure when AWS credentials to sign with are missing.
 */
export async function authenticate(
  request: UnsignedRequest,
  credentials: ApiCredentials,
): Promise<Record<string, string>> {
  switch (credentials.kind) {
    case 'none':
      return request.headers;
    case 'jwt':
      return { ...request.headers, authorization: `Bearer ${credentials.token}` };
    case 'iam':
      return await sign(request, credentials);
  }
}

/**
 * Opens a client of STS. It finds credentials in variables, profiles, SSO, web identity, containers and machines. The SDK is loaded
 * only here, because it takes long and most calls go to an API that requires no signatures.
 */
export async function openSts({ region, profile }: AwsOptions): Promise<STSClient> {
  const { STSClient } = await import('@aws-sdk/client-sts');
  return new STSClient({
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
  });
}

const clients = new Map<string, Promise<STSClient>>();

/** Opens one client for all requests, so that the SDK looks up the credentials once. */
function openSharedSts(options: AwsOptions): Promise<STSClient> {
  const key = JSON.stringify([options.region, options.profile]);
  const client = clients.get(key) ?? openSts(options);
  clients.set(key, client);
  return client;
}

/**
 * Signs a request to API Gateway with AWS Signature Version 4.
 * @returns the headers, signature included.
 * @throws CommandFailure when the region is unknown or credentials are missing.
 */
async function sign(
  { method, url, headers, body }: UnsignedRequest,
  options: AwsOptions,
): Promise<Record<string, string>> {
  const { config } = await openSharedSts(options);
  const region = await config.region().catch(() => {
    throw new CommandFailure('the AWS region to sign for is unknown', {
      exitCode: exitCodes.unauthorized,
      hints: ['Set AWS_REGION, or use --region.'],
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
    throw missingCredentials(error, options);
  }
}

/** Makes the failure for missing AWS credentials: the SDK's reason, and what the user can do. */
export const missingCredentials = (error: unknown, { profile }: AwsOptions): CommandFailure =>
  new CommandFailure(`AWS credentials were not found: ${describeError(error)}`, {
    exitCode: exitCodes.unauthorized,
    hints: [
      profile === undefined
        ? 'Use --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID; with SSO: aws sso login.'
        : `Check profile ${profile} in ~/.aws; with SSO: aws sso login --profile ${profile}.`,
    ],
    cause: error,
  });

/** Collects the query of an address; the values of a repeated parameter become a list. */
function queryOf(url: URL): Record<string, string | string[]> {
  const names = new Set(url.searchParams.keys());
  return Object.fromEntries(
    [...names].map((name) => {
      const values = url.searchParams.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}
