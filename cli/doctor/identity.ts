import { GetCallerIdentityCommand, STSServiceException } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { scopesOf } from '../../api/scopes.ts';
import { missingCredentials, openSts, type ApiCredentials } from '../api/credentials.ts';
import { checkOrSkip, failed, type Finding, ok, skipped } from './finding.ts';

const check = 'identity';

/** Finds out as whom the API sees the caller, who owns the jobs. */
export async function checkIdentity(credentials: ApiCredentials, now: number): Promise<Finding> {
  switch (credentials.kind) {
    case 'none':
      return ok(check, 'no credentials are sent; an API that requires none has one owner for all jobs');
    case 'jwt':
      return checkToken(credentials.token, now);
    case 'iam':
      return await checkAwsIdentity(credentials);
  }
}

const Claims = z.looseObject({
  sub: z.string().optional(),
  iss: z.string().optional(),
  aud: z.union([z.string(), z.array(z.string())]).optional(),
  scope: z.string().optional(),
  /** Some issuers use this claim instead of scope. */
  scp: z.union([z.string(), z.array(z.string())]).optional(),
  exp: z.number().optional(),
  nbf: z.number().optional(),
});

/** Checks the claims of a token; only the API checks its signature. */
function checkToken(token: string, now: number): Finding {
  const claims = parseClaims(token);
  if (claims === undefined)
    return skipped(check, 'the token is not a JWT that can be read here; only the API can check it');
  const { sub, iss, aud, exp, nbf } = claims;
  if (sub === undefined)
    return failed(check, 'the token has no subject (sub), which the API requires as owner');
  if (exp !== undefined && exp * 1000 <= now) {
    return failed(
      check,
      `the token of ${sub} expired at ${formatInstant(exp)}`,
      'Get a new one from its issuer.',
    );
  }
  if (nbf !== undefined && nbf * 1000 > now) {
    return failed(
      check,
      `the token of ${sub} is not valid before ${formatInstant(nbf)}`,
      'Is the clock of this machine right?',
    );
  }
  const description = {
    issuer: iss,
    audience: [aud].flat().join(' '),
    scopes: scopesIn(claims).join(' '),
    until: exp && formatInstant(exp),
  };
  const parts = Object.entries(description).flatMap(([name, value]) => (value ? [`${name} ${value}`] : []));
  return ok(check, [sub, ...parts].join(', '));
}

const scopesIn = ({ scope, scp }: z.infer<typeof Claims>): string[] =>
  scopesOf({ scope, scp: [scp].flat().join(' ') });

function parseClaims(token: string): z.infer<typeof Claims> | undefined {
  const [, payload] = token.split('.');
  try {
    return Claims.safeParse(JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

const formatInstant = (seconds: number): string =>
  // A number that a Date cannot represent is beyond the year 270,000.
  Number.isNaN(new Date(seconds * 1000).getTime()) ? 'never' : new Date(seconds * 1000).toISOString();

const checkAwsIdentity = (credentials: Extract<ApiCredentials, { kind: 'iam' }>): Promise<Finding> =>
  checkOrSkip(check, async () => {
    const sts = await openSts(credentials);
    try {
      const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
      return ok(check, Arn ?? 'AWS did not return an ARN');
    } catch (error) {
      if (error instanceof STSServiceException) {
        return failed(check, `AWS does not accept these credentials: ${error.name}: ${error.message}`);
      }
      if (!(error instanceof Error) || error.name !== 'CredentialsProviderError') throw error;
      const { message, hints } = missingCredentials(error, credentials);
      return failed(check, message, ...hints);
    } finally {
      sts.destroy();
    }
  });
