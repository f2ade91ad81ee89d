import { performance } from 'node:perf_hooks';
import { ulid } from 'ulid';
import { countersKey, shardOf } from '../../jobs/protocol.ts';
import type { Write } from '../../jobs/write.ts';
import type { RecordedJob } from './recorded-jobs.ts';
import type { DynamoJobStore } from '../../jobs/aws/job-store.ts';

/** The maximum of a transaction. The local DynamoDB syncs the disk once for a transaction, but for each item of a batch. */
const itemsPerTransaction = 100;
const transactionsAtOnce = 4;
/** Milliseconds. */
const fillTimeout = 60 * 60 * 1000;
/** The number of jobs after which progress is reported. */
const reportEvery = 50_000;

/** The jobs' times are spread over this period before now, in milliseconds. It is short enough that jobs do not expire. */
export const period = 60 * 24 * 60 * 60 * 1000;

/** The number of ids to return, evenly spread over the jobs. */
const idsKept = 1000;

type Item = Extract<Write, { put: unknown }>['put'];

/**
 * Writes copies of recorded jobs with new ids and times, and adds their counts to the counters.
 * @param report called from time to time with the number of jobs written.
 * @returns some of their ids.
 */
export async function fill(
  store: DynamoJobStore,
  recorded: readonly RecordedJob[],
  { jobs, owner }: { jobs: number; owner: string },
  report: (written: number) => void,
): Promise<string[]> {
  const ids: string[] = [];
  const writes = writesOf(recorded, jobs, owner, (jobId, number) => {
    if (number % Math.ceil(jobs / idsKept) === 0) ids.push(jobId);
    if (number > 0 && number % reportEvery === 0) report(number);
  });
  const deadline = performance.now() + fillTimeout;
  const writer = async (): Promise<void> => {
    for (let batch = nextBatch(writes); batch.length > 0; batch = nextBatch(writes)) {
      if (performance.now() > deadline) throw new Error(`${jobs} jobs were not written within an hour`);
      if (!(await store.write(batch))) throw new Error('another writer changed the table');
    }
  };
  await Promise.all(Array.from({ length: transactionsAtOnce }, writer));
  return ids;
}

const nextBatch = (writes: Generator<Write, void>): Write[] =>
  Array.from({ length: itemsPerTransaction }, () => writes.next()).flatMap(({ value }) => value ?? []);

/** Generates the writes of every item of every job, and at the end those of the counters. */
function* writesOf(
  recorded: readonly RecordedJob[],
  jobs: number,
  owner: string,
  onJob: (jobId: string, number: number) => void,
): Generator<Write, void> {
  const counts = new Map<string, Record<string, number>>();
  const begin = Date.now() - period;
  for (let number = 0; number < jobs; number += 1) {
    // Mixes the kinds of jobs, so that a page of a list has some of each.
    const job = recorded[(number * 37) % recorded.length];
    if (!job) throw new Error('recorded jobs are missing');
    const createdAt = begin + Math.floor((number / jobs) * period);
    const jobId = ulid(createdAt).toLowerCase();
    yield* copyOf(job, jobId, createdAt, owner);
    const shard = counts.get(shardOf(jobId)) ?? {};
    counts.set(shardOf(jobId), shard);
    for (const [counter, value] of Object.entries(job.counts)) shard[counter] = (shard[counter] ?? 0) + value;
    onJob(jobId, number);
  }
  for (const [shard, add] of counts) yield { update: countersKey(shard), add };
}

const instant = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

function copyOf(job: RecordedJob, jobId: string, createdAt: number, owner: string): Write[] {
  const shift = createdAt - Date.parse(job.createdAt);
  const text = job.items
    .replaceAll(job.jobId, jobId)
    .replaceAll(instant, (time) => new Date(Date.parse(time) + shift).toISOString())
    .replaceAll(
      /"expiresAt":(\d+)/g,
      (_, seconds: string) => `"expiresAt":${Number(seconds) + Math.floor(shift / 1000)}`,
    );
  return (JSON.parse(text) as Item[]).map((item): Write => ({
    put: 'owner' in item ? { ...item, owner } : item,
  }));
}
