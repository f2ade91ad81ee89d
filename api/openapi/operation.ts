import * as z from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { idempotencyKeyPattern } from '../request.ts';

/** An operation without what document.ts adds to all: its authorization and its error responses. */
export interface Operation extends Omit<ZodOpenApiOperationObject, 'security'> {
  operationId: string;
  summary: string;
}

export type Method = 'get' | 'post' | 'patch' | 'delete';
export type Paths = Record<string, Partial<Record<Method, Operation>>>;

/** Describes a JSON body, with an example of its schema. */
export const json = <Schema extends z.ZodType>(
  schema: Schema,
  example: z.input<Schema>,
): { 'application/json': { schema: Schema; example: z.input<Schema> } } => ({
  'application/json': { schema, example },
});

/** Describes a successful response. */
export const response = <Schema extends z.ZodType>(
  description: string,
  schema: Schema,
  example: z.input<Schema>,
  rest: Pick<ZodOpenApiResponseObject, 'headers' | 'links'> = {},
): ZodOpenApiResponseObject => ({ description, content: json(schema, example), ...rest });

export const idempotencyHeader = z.object({
  'Idempotency-Key': z
    .string()
    .regex(idempotencyKeyPattern)
    .optional()
    .meta({
      param: {
        description:
          'Makes the request idempotent: of several requests with one key, one is carried out. A key belongs to its caller.',
        example: 'order-4711',
      },
    }),
});

/** Describes the headers of a response to a request that created something. @param example the path of what was created. */
export const createdHeaders = (example: string) =>
  z.object({
    Location: z.string().meta({ header: { description: 'The path of what was created.', example } }),
  });

/** Describes these headers if an earlier request with the Idempotency-Key created it. */
export const replayedHeaders = (example: string) =>
  createdHeaders(example).extend({
    'Idempotency-Replayed': z
      .literal('true')
      .meta({ header: { description: 'An earlier request with this key was carried out.' } }),
  });

type Links = NonNullable<ZodOpenApiResponseObject['links']>;

const linksTo = (operationIds: readonly string[], parameters: Record<string, string>): Links =>
  Object.fromEntries(operationIds.map((operationId) => [operationId, { operationId, parameters }]));

/** Links a response to the operations on its job. @param jobId the place of the id, as a runtime expression. */
export const linksOfJob = (jobId: string): Links =>
  linksTo(['getJob', 'cancelJob', 'retryJob', 'getHistory', 'getLogs'], { jobId });

/** Links a response to the operations on its schedule. @param scheduleId the place of the id, as a runtime expression. */
export const linksOfSchedule = (scheduleId: string): Links =>
  linksTo(['getSchedule', 'changeSchedule', 'deleteSchedule', 'runSchedule'], { scheduleId });

/** Links a page of a list to the next page. */
export const linkToNextPage = (operationId: string): Links => ({
  nextPage: {
    operationId,
    parameters: { cursor: '$response.body#/cursor' },
    description: 'Use it with the same query. The last page does not have it.',
  },
});
