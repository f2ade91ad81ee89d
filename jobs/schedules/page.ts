import * as z from 'zod';
import { InvalidRequest } from '../errors.ts';
import { ScheduleId } from './id.ts';
import type { Cursor } from './store.ts';

const Token = z
  .string()
  .max(200)
  .transform((text, context) => {
    try {
      return JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'Allowed: the nextToken of the page before.' });
      return z.NEVER;
    }
  })
  .pipe(z.tuple([z.iso.datetime(), ScheduleId], 'Allowed: the nextToken of the page before.'));

const Page = z.strictObject({
  limit: z
    .string()
    .regex(/^([1-9]|[1-4]\d|50)$/, 'Allowed: 1 to 50; the default is 20.')
    .default('20'),
  nextToken: Token.optional(),
});

/**
 * Reads the query of a list.
 * @throws InvalidRequest
 */
export function acceptPage(query: Readonly<Record<string, string | undefined>>): {
  limit: number;
  after?: Cursor;
} {
  const parsed = Page.safeParse(query);
  if (!parsed.success) {
    const details = parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((field) => ({ field, message: 'Unknown. Allowed: limit, nextToken.' }))
        : [{ field: String(issue.path[0]), message: issue.message }],
    );
    throw new InvalidRequest('The query cannot be understood.', details);
  }
  const { limit, nextToken } = parsed.data;
  const [createdAt, scheduleId] = nextToken ?? [];
  return {
    limit: Number(limit),
    ...(createdAt !== undefined && scheduleId !== undefined && { after: { createdAt, scheduleId } }),
  };
}

/** Where a page ended, as a token for the next request. */
export const nextTokenOf = ({ createdAt, scheduleId }: Cursor): string =>
  Buffer.from(JSON.stringify([createdAt, scheduleId])).toString('base64url');
