import type { ZodOpenApiObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { scopesFor } from '../scopes.ts';
import type { Authorization } from '../../jobs/settings.ts';
import { forbidden, unauthorized } from './rejections.ts';
import type { Method } from './operation.ts';

type Schemes = NonNullable<NonNullable<ZodOpenApiObject['components']>['securitySchemes']>;

interface Security {
  schemes: Schemes;
  /** What an operation of that method asks for; one of them is enough. */
  requirements: (method: Method) => Record<string, string[]>[];
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
          'A token of the issuer for this audience. Its claim `scope` holds jobs:read, jobs:write or both, with a space between; ' +
          'who holds jobs:admin sees and touches what is others’ too.',
      },
    },
    requirements: (method) => scopesFor(method.toUpperCase()).map((scope) => ({ bearer: [scope] })),
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
