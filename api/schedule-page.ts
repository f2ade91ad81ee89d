import * as z from 'zod';
import { integerBetween, type Query, readQuery } from './query.ts';
import { ScheduleId } from '../jobs/schedules/id.ts';
import type { Cursor } from '../jobs/aws/schedule-store.ts';

const allowed = 'Allowed: the nextToken of the page before.';

const Token = z
  .string()
  .max(200, allowed)
  .transform((text, context) => {
    try {
      return JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: allowed });
      return z.NEVER;
    }
  })
  .pipe(z.tuple([z.iso.datetime(), ScheduleId], allowed));

/** What `GET /jobs/schedules` takes. */
export const PageQuery = z.strictObject({
  limit: integerBetween(1, 50, 20),
  nextToken: Token.optional().describe('That of the page before.'),
});

/**
 * Reads the query of a list.
 * @throws InvalidRequest
 */
export function acceptPage(query: Query): { limit: number; after?: Cursor } {
  const { limit, nextToken } = readQuery(query, PageQuery);
  const [createdAt, scheduleId] = nextToken ?? [];
  return {
    limit,
    ...(createdAt !== undefined && scheduleId !== undefined && { after: { createdAt, scheduleId } }),
  };
}

/** Where a page ended, as a token for the next request. */
export const nextTokenOf = ({ createdAt, scheduleId }: Cursor): string =>
  Buffer.from(JSON.stringify([createdAt, scheduleId])).toString('base64url');
