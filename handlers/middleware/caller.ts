import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as z from 'zod';
import { scopes, scopesOf } from '../../api/scopes.ts';
import { type Caller, scheduleOwnerPrefix } from '../../jobs/caller.ts';
import { Forbidden } from '../../jobs/errors.ts';

/** The limit of OpenID Connect for a subject. The table's index allows keys of 2048 bytes. */
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
 * Reads the caller from what the authorizer of the HTTP API adds to a request: the token's subject, or the ARN of the IAM
 * identity. All routes of an API have the same kind of authorizer, so a request has one of the two.
 * @param withoutAuthorizer the owner if the API has no authorizer.
 * @throws Forbidden if the authorizer names no caller: such callers would share one owner, and see each other's jobs.
 */
export function callerOf(event: APIGatewayProxyEventV2, withoutAuthorizer: string): Caller {
  const { authorizer } = RequestContext.parse(event.requestContext);
  if (!authorizer) return { owner: withoutAuthorizer, admin: false };
  const { jwt, iam } = authorizer;
  if (!jwt) {
    if (!iam)
      throw new Forbidden('The request is not authenticated: it has neither a token nor an AWS signature.');
    return { owner: iam.userArn, admin: false };
  }
  const subject = Subject.safeParse(jwt.claims.sub);
  if (!subject.success) {
    throw new Forbidden(
      `The token does not name an owner: its claim sub must have 1 to 255 characters and not begin with ${scheduleOwnerPrefix}`,
    );
  }
  return { owner: subject.data, admin: scopesOf(jwt.claims).includes(scopes.admin) };
}

/** Reads the owner of what the caller creates; throws as callerOf. */
export const ownerOf = (event: APIGatewayProxyEventV2, withoutAuthorizer: string): string =>
  callerOf(event, withoutAuthorizer).owner;
