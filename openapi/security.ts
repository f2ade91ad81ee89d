import type { ZodOpenApiObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import type { Authorization } from '../jobs/settings.ts';
import { forbidden, unauthorized } from './refusals.ts';
import type { Scope } from './operation.ts';

type Schemes = NonNullable<NonNullable<ZodOpenApiObject['components']>['securitySchemes']>;

interface Security {
  schemes: Schemes;
  /** What an operation asks for. */
  requirements: (scope: Scope | undefined) => Record<string, string[]>[];
  /** What whoever has not got it is answered. */
  refusals: ZodOpenApiResponsesObject;
}

/** How callers say who they are, for each way in which the service runs. */
export const security: Record<Authorization, Security> = {
  jwt: {
    schemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description:
          'A token of the issuer for this audience. Its `scope` holds jobs:read, jobs:write or both, with a space between; ' +
          'jobs:admin sees and touches the jobs of all.',
      },
    },
    requirements: (scope) => [{ bearer: scope ? [scope] : [] }],
    refusals: { 401: unauthorized, 403: forbidden },
  },
  iam: {
    schemes: {
      sigv4: {
        type: 'apiKey',
        in: 'header',
        name: 'Authorization',
        description:
          'Signature Version 4 for the service execute-api, of an identity that may execute-api:Invoke.',
        'x-amazon-apigateway-authtype': 'awsSigv4',
      },
    },
    requirements: () => [{ sigv4: [] }],
    refusals: { 403: forbidden },
  },
  none: { schemes: {}, requirements: () => [], refusals: {} },
};
