import * as z from 'zod';
import { integerBetween, invalidQuery, type Query, readQuery } from './request.ts';
import type { ScheduleList } from './responses/schedule.ts';
import { scheduleSummaryOf } from './schedule-view.ts';
import type { SchedulePosition, ScheduleStore } from '../jobs/schedules/ports.ts';
import { ScheduleId } from '../jobs/ids.ts';

const allowed = 'Allowed: the cursor of the page before.';

const Cursor = z
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

/** The query of `GET /jobs/schedules`. */
export const ScheduleListQuery = z.strictObject({
  limit: integerBetween(1, 50, 20),
  cursor: Cursor.optional().describe('The cursor of the page before.'),
  nextToken: Cursor.optional().meta({
    description: 'The former name of `cursor`. If both are sent, they must be equal.',
    deprecated: true,
    param: { deprecated: true },
  }),
});

/**
 * Lists the schedules of one owner, newest first.
 * @throws InvalidRequest when the query is not valid.
 */
export async function listSchedules(
  owner: string,
  query: Query,
  { store, now }: { store: Pick<ScheduleStore, 'list'>; now: () => Date },
): Promise<ScheduleList> {
  const { limit, cursor, nextToken } = readQuery(query, ScheduleListQuery);
  if (cursor && nextToken && cursor.join() !== nextToken.join()) {
    throw invalidQuery([{ field: 'nextToken', message: 'Allowed: the same as cursor, or none.' }]);
  }
  const { schedules, next } = await store.list(owner, limit, positionOf(cursor ?? nextToken));
  const time = now().getTime();
  return {
    schedules: schedules.map((schedule) => scheduleSummaryOf(schedule, time)),
    ...(next && { cursor: cursorAt(next), nextToken: cursorAt(next) }),
  };
}

const positionOf = (cursor: z.output<typeof Cursor> | undefined): SchedulePosition | undefined =>
  cursor && { createdAt: cursor[0], scheduleId: cursor[1] };

const cursorAt = ({ createdAt, scheduleId }: SchedulePosition): string =>
  Buffer.from(JSON.stringify([createdAt, scheduleId])).toString('base64url');
