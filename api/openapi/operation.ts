import * as z from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { idempotencyKeyPattern } from '../request.ts';

/** An operation without what all have: who may call it, and what can go wrong with any. */
export interface Operation extends Omit<ZodOpenApiOperationObject, 'security'> {
  operationId: string;
  summary: string;
}

export type Method = 'get' | 'post' | 'patch' | 'delete';
export type Paths = Record<string, Partial<Record<Method, Operation>>>;

/** A JSON body with an example of its schema. */
export const json = <Schema extends z.ZodType>(
  schema: Schema,
  example: z.input<Schema>,
): { 'application/json': { schema: Schema; example: z.input<Schema> } } => ({
  'application/json': { schema, example },
});

/** A successful answer. */
export const answer = <Schema extends z.ZodType>(
  description: string,
  schema: Schema,
  example: z.input<Schema>,
  more: Pick<ZodOpenApiResponseObject, 'headers' | 'links'> = {},
): ZodOpenApiResponseObject => ({ description, content: json(schema, example), ...more });

export const idempotencyHeader = z.object({
  'Idempotency-Key': z
    .string()
    .regex(idempotencyKeyPattern)
    .optional()
    .meta({
      param: {
        description: 'The same request with the same key is done once. A key is its caller’s own.',
        example: 'order-4711',
      },
    }),
});

/** The headers of an answer that says where what was made is. @param example a path. */
export const made = (example: string) =>
  z.object({ Location: z.string().meta({ header: { description: 'Where what was made is.', example } }) });

/** Those where a request with this Idempotency-Key made it before. */
export const madeBefore = (example: string) =>
  made(example).extend({
    'Idempotency-Replayed': z
      .literal('true')
      .meta({ header: { description: 'A request with this key was answered before.' } }),
  });
