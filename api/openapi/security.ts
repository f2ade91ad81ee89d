import type { ZodOpenApiObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { scopesFor } from '../scopes.ts';
import type { Authorization } from '../../jobs/settings.ts';
import { forbidden, unauthorized } from './rejections.ts';
import type { Method } from './operation.ts';

type Schemes = NonNullable<NonNullable<ZodOpenApiObject['components']>['securitySchemes']>;

interface Security {
  schemes: Schemes;
  /** The requirements of an operation with that method; to meet one is enough. */
  requirements: (method: Method) => Record<string, string[]>[];
  /** The responses to callers that are not authenticated or not authorized. */
  rejections: ZodOpenApiResponsesObject;
}

/** How the service authenticates and authorizes callers, by the stack parameter `auth`. */
export const security: Record<Authorization, Security> = {
  jwt: {
    schemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description:
          'A token of the configured issuer and audience. Its claim `scope` or `scp` holds jobs:read, jobs:write or both, separated ' +
          'by a space. With jobs:admin a caller may also read and change what belongs to other owners.',
      },
    },
    requirements: (method) => scopesFor(method.toUpperCase()).map((scope) => ({ bearer: [scope] })),
    rejections: { 401: unauthorized, 403: forbidden },
  },
  iam: {
    schemes: {
      sigv4: {
        type: 'apiKey',
        in: 'header',
        name: 'Authorization',
        description:
          'Signature Version 4 for the service execute-api, by an IAM identity that is allowed execute-api:Invoke.',
        'x-amazon-apigateway-authtype': 'awsSigv4',
      },
    },
    requirements: () => [{ sigv4: [] }],
    rejections: { 403: forbidden },
  },
  none: { schemes: {}, requirements: () => [], rejections: {} },
};
