import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as z from 'zod';
import { scopes, scopesOf } from '../../api/scopes.ts';
import { type Caller, scheduleOwnerPrefix } from '../../jobs/caller.ts';
import { Forbidden } from '../../jobs/errors.ts';

/** As OpenID Connect bounds a subject: a key of the table's index takes no more than 2048 bytes. */
const Subject = z
  .string()
  .min(1)
  .max(255)
  .refine((text) => !text.startsWith(scheduleOwnerPrefix));

const RequestContext = z.object({
  authorizer: z
    .object({
      jwt: z.object({
        claims: z.object({
          sub: z.string().optional(),
          scope: z.string().optional(),
          scp: z.string().optional(),
        }),
      }),
      iam: z.object({ userArn: z.string().min(1).max(2048) }),
    })
    .partial()
    .optional(),
});

/**
 * Who asks, as the authorizer of the HTTP API found out: the token's subject, or the ARN of the IAM identity. An API has one
 * kind of authorizer on all its routes, so that the two do not meet.
 * @param withoutAuthorizer who it is where the API has none.
 * @throws Forbidden where the authorizer let in somebody it does not name: nobody's jobs must not be everybody's.
 */
export function callerOf(event: APIGatewayProxyEventV2, withoutAuthorizer: string): Caller {
  const { authorizer } = RequestContext.parse(event.requestContext);
  if (!authorizer) return { owner: withoutAuthorizer, admin: false };
  const { jwt, iam } = authorizer;
  if (!jwt) {
    if (!iam) throw new Forbidden('Nothing says who you are: neither a token nor a signature of AWS.');
    return { owner: iam.userArn, admin: false };
  }
  const subject = Subject.safeParse(jwt.claims.sub);
  if (!subject.success) {
    throw new Forbidden(
      `The token does not say who you are: its claim sub must have 1 to 255 characters and not begin with ${scheduleOwnerPrefix}`,
    );
  }
  return { owner: subject.data, admin: scopesOf(jwt.claims).includes(scopes.admin) };
}

/** The name under which what the caller makes is kept; throws as callerOf. */
export const ownerOf = (event: APIGatewayProxyEventV2, withoutAuthorizer: string): string =>
  callerOf(event, withoutAuthorizer).owner;
