import * as z from 'zod';
import { Stats } from '../responses/service.ts';
import { type Paths, response } from './operation.ts';

/** The routes of the service itself. */
export const servicePaths: Paths = {
  '/jobs/stats': {
    get: {
      operationId: 'getStats',
      tags: ['Service'],
      summary: 'Count attempts and jobs',
      description:
        'Counts the jobs of all owners since the service was created. The cost does not depend on their number.',
      responses: {
        200: response('The counters.', Stats, {
          succeedJob: 1,
          jobRetry: 2,
          failedJob: 3,
          jobs: { succeeded: 1, failed: 1, cancelled: 0, timedOut: 0 },
        }),
      },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'getOpenApi',
      tags: ['Service'],
      summary: 'Read this document',
      responses: {
        200: response('An OpenAPI 3.1 document.', z.looseObject({ openapi: z.string() }), {
          openapi: '3.1.1',
          info: { title: 'eks-jobs', version: '0.1.0' },
          paths: {},
        }),
      },
    },
  },
};
