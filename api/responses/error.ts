import * as z from 'zod';

/** The body of every error that the service itself answers. */
export const ErrorBody = z
  .object({
    error: z.object({
      code: z.string().describe('The same for every error of its kind.'),
      message: z.string().describe('For people.'),
      details: z
        .array(z.object({ field: z.string(), message: z.string() }))
        .optional()
        .describe('What is wrong, field by field, and what is allowed.'),
    }),
    requestId: z.string().describe('Quote it when you report a problem: the log has it too.'),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof ErrorBody>;
