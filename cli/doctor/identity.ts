import { GetCallerIdentityCommand, STSServiceException } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { scopesOf } from '../../api/scopes.ts';
import type { Authorization } from '../api/authorization.ts';
import { noCredentials, openSts } from '../api/signature.ts';
import { attempt, failed, type Finding, ok, skipped } from './finding.ts';

const check = 'identity';

/** Who the API takes the caller for: whose jobs are seen. */
export async function checkIdentity(authorization: Authorization, now: number): Promise<Finding> {
  switch (authorization.kind) {
    case 'none':
      return ok(check, 'nobody: no credentials are sent; an API that wants none has one owner for all');
    case 'jwt':
      return checkToken(authorization.token, now);
    case 'iam':
      return await checkCredentials(authorization);
  }
}

const Claims = z.looseObject({
  sub: z.string().optional(),
  iss: z.string().optional(),
  aud: z.union([z.string(), z.array(z.string())]).optional(),
  scope: z.string().optional(),
  /** Some issuers' word for it. */
  scp: z.union([z.string(), z.array(z.string())]).optional(),
  exp: z.number().optional(),
  nbf: z.number().optional(),
});

/** What a token says of itself; whether it is genuine the API decides. */
function checkToken(token: string, now: number): Finding {
  const claims = claimsOf(token);
  if (claims === undefined)
    return skipped(check, 'the token is no JWT that can be read here; the API decides');
  const { sub, iss, aud, exp, nbf } = claims;
  if (sub === undefined) return failed(check, 'the token has no subject (sub): the API needs one as owner');
  if (exp !== undefined && exp * 1000 <= now) {
    return failed(check, `the token of ${sub} expired at ${timeOf(exp)}`, 'Get a new one from its issuer.');
  }
  if (nbf !== undefined && nbf * 1000 > now) {
    return failed(
      check,
      `the token of ${sub} is not valid before ${timeOf(nbf)}`,
      'Is the clock of this machine right?',
    );
  }
  const about = {
    issuer: iss,
    audience: [aud].flat().join(' '),
    scopes: scopesIn(claims).join(' '),
    until: exp && timeOf(exp),
  };
  const known = Object.entries(about).flatMap(([name, value]) => (value ? [`${name} ${value}`] : []));
  return ok(check, [sub, ...known].join(', '));
}

const scopesIn = ({ scope, scp }: z.infer<typeof Claims>): string[] =>
  scopesOf({ scope, scp: [scp].flat().join(' ') });

function claimsOf(token: string): z.infer<typeof Claims> | undefined {
  const [, payload] = token.split('.');
  try {
    return Claims.safeParse(JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

const timeOf = (seconds: number): string =>
  // What no Date can hold is later than anybody's clock.
  Number.isNaN(new Date(seconds * 1000).getTime()) ? 'never' : new Date(seconds * 1000).toISOString();

const checkCredentials = (authorization: Extract<Authorization, { kind: 'iam' }>): Promise<Finding> =>
  attempt(check, async () => {
    const sts = await openSts(authorization);
    try {
      const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
      return ok(check, Arn ?? 'AWS does not say');
    } catch (error) {
      if (error instanceof STSServiceException) {
        return failed(check, `AWS does not take these credentials: ${error.name}: ${error.message}`);
      }
      if (!(error instanceof Error) || error.name !== 'CredentialsProviderError') throw error;
      const { message, hints } = noCredentials(error, authorization);
      return failed(check, message, ...hints);
    } finally {
      sts.destroy();
    }
  });
