import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as z from 'zod';
import type { Caller } from '../../jobs/owned.ts';

const RequestContext = z.object({
  authorizer: z
    .object({
      jwt: z
        .object({ claims: z.object({ sub: z.string().min(1), scope: z.string().optional() }) })
        .optional(),
      iam: z.object({ userArn: z.string().min(1) }).optional(),
    })
    .optional(),
});

/** Who asks, as the authorizer of the HTTP API found out: the token's subject, or the ARN of the IAM identity. */
export function ownerOf(event: APIGatewayProxyEventV2, withoutAuthorizer: string): string {
  const { authorizer } = RequestContext.parse(event.requestContext);
  return authorizer?.jwt?.claims.sub ?? authorizer?.iam?.userArn ?? withoutAuthorizer;
}

/** Who asks, and whether they hold the scope `jobs:admin` (RFC 6749: scopes are separated by spaces). */
export function callerOf(event: APIGatewayProxyEventV2, withoutAuthorizer: string): Caller {
  const { authorizer } = RequestContext.parse(event.requestContext);
  const scopes = authorizer?.jwt?.claims.scope?.split(' ') ?? [];
  return { owner: ownerOf(event, withoutAuthorizer), admin: scopes.includes('jobs:admin') };
}
