import * as z from 'zod';
import { Stats } from '../responses/service.ts';
import { answer, type Paths } from './operation.ts';

/** What is asked of the service as a whole. */
export const servicePaths: Paths = {
  '/jobs/stats': {
    get: {
      operationId: 'getStats',
      tags: ['Service'],
      summary: 'Count attempts and jobs',
      description: 'Of all owners, since the beginning. Costs the same however many there are.',
      responses: {
        200: answer('The counters.', Stats, {
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
        200: answer('An OpenAPI 3.1 document.', z.looseObject({ openapi: z.string() }), {
          openapi: '3.1.1',
          info: { title: 'eks-jobs', version: '0.1.0' },
          paths: {},
        }),
      },
    },
  },
};
