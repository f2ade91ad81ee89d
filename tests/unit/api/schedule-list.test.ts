import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { listSchedules } from '../../../api/schedule-list.ts';
import { InvalidRequest } from '../../../jobs/errors.ts';
import type { SchedulePosition } from '../../../jobs/schedules/ports.ts';
import { ownerPartition, type ScheduleItem } from '../../../jobs/schedules/record.ts';

const now = (): Date => new Date('2026-11-23T12:00:00.000Z');

/** Schedules of alice, one created per second. */
const stored = (count: number): ScheduleItem[] =>
  Array.from({ length: count }, (_, index): ScheduleItem => {
    const createdAt = new Date(Date.parse('2026-11-23T00:00:00.000Z') + index * 1000).toISOString();
    const scheduleId = index.toString(16).padStart(32, '0');
    return {
      ...{ scheduleId, owner: ownerPartition('alice'), createdAtId: `${createdAt}#${scheduleId}` },
      ...{ cron: '0 7 * * *', timezone: 'UTC', expressions: ['cron(0 7 * * ? *)'], enabled: true },
      ...{ timeoutSeconds: 60, maxAttempts: 3, labels: {}, resources: {} },
      ...{ state: 'ACTIVE', version: 1, createdAt, updatedAt: createdAt, fingerprint: 'f' },
    };
  });

/** The index as DynamoDB reads it: newest first; a full page has an end even if nothing follows. */
const storeOf = (schedules: readonly ScheduleItem[]) => ({
  list: (_owner: string, limit: number, after?: SchedulePosition) => {
    const page = schedules
      .filter(({ createdAt }) => after === undefined || createdAt < after.createdAt)
      .sort((left, right) => (left.createdAt < right.createdAt ? 1 : -1))
      .slice(0, limit);
    const last = page.length === limit ? page.at(-1) : undefined;
    return Promise.resolve({
      schedules: page,
      ...(last && { next: { createdAt: last.createdAt, scheduleId: last.scheduleId } }),
    });
  },
});

const list = (count: number, query: Record<string, string>) =>
  listSchedules('alice', query, { store: storeOf(stored(count)), now });

async function wrongFields(query: Record<string, string>): Promise<string[]> {
  const error: unknown = await list(3, query).catch((thrown: unknown) => thrown);
  if (!(error instanceof InvalidRequest)) throw new Error('the query was not rejected');
  return error.details.map(({ field }) => field);
}

describe('GET /jobs/schedules', () => {
  // A client of either version reads each schedule once: the names of the cursor may even change between pages.
  test('pages by cursor and by its former name nextToken alike', async () => {
    const names = fc.constantFrom<('cursor' | 'nextToken')[]>(
      ['cursor'],
      ['nextToken'],
      ['cursor', 'nextToken'],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(names, { minLength: 15, maxLength: 15 }),
        async (count, limit, namesOfPages) => {
          const seen: string[] = [];
          let query: Record<string, string> = {};
          for (const pageNames of namesOfPages) {
            const page = await list(count, { limit: String(limit), ...query });
            expect(page.nextToken).toBe(page.cursor);
            seen.push(...page.schedules.map(({ scheduleId }) => scheduleId));
            const { cursor } = page;
            if (cursor === undefined) break;
            query = Object.fromEntries(pageNames.map((name) => [name, cursor]));
          }
          expect(seen).toEqual(
            stored(count)
              .map(({ scheduleId }) => scheduleId)
              .reverse(),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  test('rejects two cursors that differ, and each that is not one', async () => {
    const { cursor: first = '', schedules } = await list(3, { limit: '1' });
    const { cursor: second = '' } = await list(3, { limit: '2' });
    expect(schedules).toHaveLength(1);
    expect(await wrongFields({ cursor: first, nextToken: second })).toEqual(['nextToken']);
    for (const text of ['x', 'W10', '', 'a'.repeat(201)]) {
      expect(await wrongFields({ cursor: text })).toEqual(['cursor']);
      expect(await wrongFields({ nextToken: text })).toEqual(['nextToken']);
      expect(await wrongFields({ cursor: first, nextToken: text })).toEqual(['nextToken']);
    }
    expect(await wrongFields({ limit: '51', page: '2' })).toEqual(['limit', 'page']);
  });

  test('shows the status under its former name state too', async () => {
    const { schedules } = await list(2, {});
    expect(schedules).toMatchObject([
      { status: 'ACTIVE', state: 'ACTIVE', owner: 'alice' },
      { status: 'ACTIVE', state: 'ACTIVE' },
    ]);
  });
});
