import { performance } from 'node:perf_hooks';
import { ulid } from 'ulid';
import { countersKey, shardOf } from '../../jobs/protocol.ts';
import type { Write } from '../../jobs/write.ts';
import type { RecordedJob } from './recorded-jobs.ts';
import type { DynamoJobStore } from '../../jobs/aws/job-store.ts';

/** The most that a transaction takes. The local DynamoDB syncs its disk once for it; in a batch, once for each item. */
const itemsTogether = 100;
const transactionsAtOnce = 4;
/** Milliseconds; jobs. */
const giveUpAfter = 60 * 60 * 1000;
const sayEvery = 50_000;

/** Jobs lie in the past, the oldest so many milliseconds ago: none is near its expiry. */
export const period = 60 * 24 * 60 * 60 * 1000;

/** How many ids are kept, evenly spread over the jobs. */
const idsKept = 1000;

type Item = Extract<Write, { put: unknown }>['put'];

/**
 * Writes copies of recorded jobs, each with its own id and times, and adds what they counted.
 * @param say called with the number of jobs written, now and then.
 * @returns some of their ids.
 */
export async function fill(
  store: DynamoJobStore,
  recorded: readonly RecordedJob[],
  { jobs, owner }: { jobs: number; owner: string },
  say: (written: number) => void,
): Promise<string[]> {
  const ids: string[] = [];
  const writes = writesOf(recorded, jobs, owner, (jobId, number) => {
    if (number % Math.ceil(jobs / idsKept) === 0) ids.push(jobId);
    if (number > 0 && number % sayEvery === 0) say(number);
  });
  const deadline = performance.now() + giveUpAfter;
  const writer = async (): Promise<void> => {
    for (let some = next(writes); some.length > 0; some = next(writes)) {
      if (performance.now() > deadline) throw new Error(`${jobs} jobs were not written within an hour`);
      if (!(await store.write(some))) throw new Error('something else writes to the table');
    }
  };
  await Promise.all(Array.from({ length: transactionsAtOnce }, writer));
  return ids;
}

const next = (writes: Generator<Write, void>): Write[] =>
  Array.from({ length: itemsTogether }, () => writes.next()).flatMap(({ value }) => value ?? []);

/** Every item of every job, and at the end what all of them counted. */
function* writesOf(
  recorded: readonly RecordedJob[],
  jobs: number,
  owner: string,
  made: (jobId: string, number: number) => void,
): Generator<Write, void> {
  const counts = new Map<string, Record<string, number>>();
  const begin = Date.now() - period;
  for (let number = 0; number < jobs; number += 1) {
    // Kinds are spread: a page of a list holds some of each.
    const job = recorded[(number * 37) % recorded.length];
    if (!job) throw new Error('there are no recorded jobs');
    const createdAt = begin + Math.floor((number / jobs) * period);
    const jobId = ulid(createdAt).toLowerCase();
    yield* copyOf(job, jobId, createdAt, owner);
    const shard = counts.get(shardOf(jobId)) ?? {};
    counts.set(shardOf(jobId), shard);
    for (const [counter, value] of Object.entries(job.counts)) shard[counter] = (shard[counter] ?? 0) + value;
    made(jobId, number);
  }
  for (const [shard, add] of counts) yield { update: countersKey(shard), add };
}

const instant = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

function copyOf(job: RecordedJob, jobId: string, createdAt: number, owner: string): Write[] {
  const later = createdAt - Date.parse(job.createdAt);
  const text = job.items
    .replaceAll(job.jobId, jobId)
    .replaceAll(instant, (time) => new Date(Date.parse(time) + later).toISOString())
    .replaceAll(
      /"expiresAt":(\d+)/g,
      (_, seconds: string) => `"expiresAt":${Number(seconds) + Math.floor(later / 1000)}`,
    );
  return (JSON.parse(text) as Item[]).map((item): Write => ({
    put: 'owner' in item ? { ...item, owner } : item,
  }));
}
