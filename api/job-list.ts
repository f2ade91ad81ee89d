import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { JobList, JobSummary } from './responses/job.ts';
import { instant, integerBetween, invalidQuery, type Query, readQuery } from './request.ts';
import { LabelQuery } from '../jobs/labels.ts';
import { JobStatus } from '../jobs/protocol.ts';
import { ScheduleId, scheduleOriginOf } from '../jobs/ids.ts';
import type { JobStore, ListedJob } from '../jobs/ports.ts';

/** The query of `GET /jobs`. */
export const JobListQuery = z.strictObject({
  status: z.enum(JobStatus.options, `Allowed: ${JobStatus.options.join(', ')}.`).optional(),
  from: instant().optional().describe('Created at this time or later.'),
  to: instant().optional().describe('Created before this time.'),
  scheduleId: ScheduleId.optional(),
  label: LabelQuery.optional().describe(
    'NAME=VALUE, up to 16 separated by commas: jobs that have all of these labels.',
  ),
  limit: integerBetween(1, 100, 20),
  cursor: z
    .string()
    .max(500, 'Allowed: the cursor of the page before.')
    .optional()
    .describe('The cursor of the page before, with the same query.'),
});

/** The maximum of reads of the index for one page. An item that the filter drops costs as much as one that it keeps. */
const maximumReads = 4;
const itemsPerRead = 1000;

/**
 * Lists the jobs of one owner, newest first. A page may hold fewer jobs than `limit`, even none, and still have a cursor: if few
 * jobs pass the filter, a page ends after some thousand jobs that were read.
 * @throws InvalidRequest when the query is not valid, or the cursor belongs to the list of another owner or another query.
 */
export async function listJobs(
  owner: string,
  query: Query,
  { store, now }: { store: Pick<JobStore, 'jobsOf'>; now: () => Date },
): Promise<JobList> {
  const { limit, cursor, ...filter } = readQuery(query, JobListQuery);
  // DynamoDB rejects an interval that ends before it begins.
  if (filter.from !== undefined && filter.to !== undefined && filter.from >= filter.to) return { jobs: [] };
  const list = listIdOf(owner, filter);
  const jobs: ListedJob[] = [];
  let after = cursor === undefined ? undefined : positionIn(cursor, list);
  for (let read = 0; read < maximumReads; read += 1) {
    // One more than the limit shows whether a next page exists.
    const size = read === 0 ? limit + 1 : itemsPerRead;
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

/** Identifies a list. It is not a secret: the owner whose jobs are read comes from the authorizer, never from a cursor. */
const listIdOf = (owner: string, filter: Omit<z.output<typeof JobListQuery>, 'limit' | 'cursor'>) =>
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
