import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { JobList, JobSummary } from './responses/job.ts';
import { instant, integerBetween, invalidQuery, type Query, readQuery } from './request.ts';
import { LabelQuery } from '../jobs/labels.ts';
import { JobStatus } from '../jobs/protocol.ts';
import { ScheduleId, scheduleOriginOf } from '../jobs/ids.ts';
import type { JobStore, ListedJob } from '../jobs/ports.ts';

/** What `GET /jobs` takes. */
export const ListQuery = z.strictObject({
  status: z.enum(JobStatus.options, `Allowed: ${JobStatus.options.join(', ')}.`).optional(),
  from: instant().optional().describe('Created at this time or later.'),
  to: instant().optional().describe('Created before this time.'),
  scheduleId: ScheduleId.optional(),
  label: LabelQuery.optional().describe('key=value, several with commas between: jobs that have them all.'),
  limit: integerBetween(1, 100, 20),
  cursor: z
    .string()
    .max(500, 'Allowed: the cursor of the page before.')
    .optional()
    .describe('That of the page before, with the same query.'),
});

/** Reads of the index for one page: those that a filter passes over cost as much as those it shows. */
const readsAtMost = 4;
const itemsARead = 1000;

/**
 * The jobs of one owner, newest first. A page may hold fewer than `limit`, even none, and still have a cursor: where few
 * jobs pass the filter it ends after some thousand that were looked at.
 * @throws InvalidRequest when the query is wrong, or its cursor is of another owner's or another query's list.
 */
export async function listJobs(
  owner: string,
  query: Query,
  { store, now }: { store: Pick<JobStore, 'jobsOf'>; now: () => Date },
): Promise<JobList> {
  const { limit, cursor, ...filter } = readQuery(query, ListQuery);
  // DynamoDB refuses an interval that ends before it begins.
  if (filter.from !== undefined && filter.to !== undefined && filter.from >= filter.to) return { jobs: [] };
  const list = listOf(owner, filter);
  const jobs: ListedJob[] = [];
  let after = cursor === undefined ? undefined : positionIn(cursor, list);
  for (let read = 0; read < readsAtMost; read += 1) {
    // One more than asked for tells whether there is a next page.
    const size = read === 0 ? limit + 1 : itemsARead;
    const page = await store.jobsOf(owner, { ...filter, after, limit: size }, now().getTime());
    jobs.push(...page.jobs);
    after = page.after;
    if (jobs.length > limit || after === undefined) break;
  }
  const shown = jobs.slice(0, limit);
  const end = jobs.length > limit ? shown.at(-1)?.createdAtId : after;
  return {
    jobs: shown.map(summaryOf),
    ...(end !== undefined && { cursor: cursorAt(end, list) }),
  };
}

function summaryOf(job: ListedJob): JobSummary {
  const { jobId, status, origin, retryOf, labels, createdAt, startedAt, finishedAt } = job;
  return {
    jobId,
    status,
    origin,
    ...(origin === 'schedule' && scheduleOriginOf(jobId)),
    ...(retryOf !== '' && { retryOf }),
    ...(Object.keys(labels).length > 0 && { labels }),
    createdAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
  };
}

/** Says which list this is. No secret: the owner whose jobs are read comes from the authorizer, never from a cursor. */
const listOf = (owner: string, filter: Omit<z.output<typeof ListQuery>, 'limit' | 'cursor'>) =>
  createHash('sha256')
    .update(JSON.stringify([owner, filter]))
    .digest('base64url')
    .slice(0, 16);

const cursorAt = (position: string, list: string): string =>
  Buffer.from(JSON.stringify([position, list])).toString('base64url');

const Position = z.string().regex(/^[0-9T:.Z-]{24}#[a-z0-9-]{1,48}$/);

function positionIn(cursor: string, list: string): string {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return z.tuple([Position, z.literal(list)]).parse(parts)[0];
  } catch (error) {
    const message = 'Allowed: the cursor of the page before, with the same query.';
    throw invalidQuery([{ field: 'cursor', message }], error);
  }
}
