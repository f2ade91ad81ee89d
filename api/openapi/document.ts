import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import package_ from '../../package.json' with { type: 'json' };
import type { Authorization } from '../../jobs/settings.ts';
import { jobPaths } from './jobs.ts';
import type { Method, Operation } from './operation.ts';
import { internalError, invalidRequest, tooLarge, tooManyRequests, unavailable } from './rejections.ts';
import { schedulePaths } from './schedules.ts';
import { security } from './security.ts';
import { servicePaths } from './service.ts';

/** Makes the OpenAPI 3.1 document of the API with this kind of authorization. */
export function openApiDocument(authorization: Authorization): ReturnType<typeof createDocument> {
  const { schemes, requirements, rejections } = security[authorization];
  const complete = (method: Method, operation: Operation): ZodOpenApiOperationObject => ({
    ...operation,
    security: requirements(method),
    responses: {
      ...operation.responses,
      400: invalidRequest,
      ...rejections,
      413: tooLarge,
      429: tooManyRequests,
      500: internalError,
      503: unavailable,
    },
  });
  const paths: ZodOpenApiPathsObject = {};
  for (const [path, operations] of Object.entries({ ...jobPaths, ...schedulePaths, ...servicePaths })) {
    const methods = Object.entries(operations) as [Method, Operation][];
    paths[path] = Object.fromEntries(
      methods.map(([method, operation]) => [method, complete(method, operation)]),
    );
  }
  return createDocument(
    {
      openapi: '3.1.1',
      info: {
        title: 'eks-jobs',
        version: package_.version,
        description: package_.description,
        license: { name: package_.license, identifier: package_.license },
      },
      servers: [{ url: '/' }],
      tags: [{ name: 'Jobs' }, { name: 'Schedules' }, { name: 'Service' }],
      paths,
      components: { securitySchemes: schemes },
    },
    {
      // zod repeats a format as a long pattern, and the fact that names are texts.
      override: ({ jsonSchema }) => {
        if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
        if (JSON.stringify(jsonSchema.propertyNames) === '{"type":"string"}') delete jsonSchema.propertyNames;
      },
    },
  );
}
