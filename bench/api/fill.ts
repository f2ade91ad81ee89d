import { performance } from 'node:perf_hooks';
import { ulid } from 'ulid';
import { countersKey, shardOf } from '../../jobs/protocol.ts';
import type { JobStore } from '../../jobs/store.ts';
import type { Write } from '../../jobs/write.ts';
import type { RecordedJob } from './recorded-jobs.ts';

/** The most that a transaction takes. The local DynamoDB syncs its disk once for it; in a batch, once for each item. */
const itemsTogether = 100;
const transactionsAtOnce = 4;
const giveUpAfter = 60 * 60 * 1000;

/** Jobs lie in the past, the oldest so many days ago: none is near its expiry. */
const days = 60;
const dayMilliseconds = 24 * 60 * 60 * 1000;

/** How many ids are kept, evenly spread over the jobs. */
const idsKept = 1000;

type Item = Extract<Write, { put: unknown }>['put'];

/**
 * Writes copies of recorded jobs, each with its own id and times, and adds what they counted.
 * @param say called with the number of jobs written, now and then.
 * @returns some of their ids.
 */
export async function fill(
  store: JobStore,
  recorded: readonly RecordedJob[],
  { jobs, owner }: { jobs: number; owner: string },
  say: (written: number) => void = () => undefined,
): Promise<string[]> {
  const ids: string[] = [];
  const counts = new Map<string, Record<string, number>>();
  const step = (days * dayMilliseconds) / jobs;
  const begin = Date.now() - days * dayMilliseconds;
  let next = 0;
  let buffered: Write[] = [];

  const copies = (): Write[] => {
    while (buffered.length < itemsTogether && next < jobs) {
      // Kinds are spread: a page of a list holds some of each.
      const job = recorded[(next * 37) % recorded.length];
      if (!job) throw new Error('there are no recorded jobs');
      const createdAt = begin + Math.floor(next * step);
      const jobId = ulid(createdAt).toLowerCase();
      buffered.push(...copyOf(job, jobId, createdAt, owner));
      const shard = counts.get(shardOf(jobId)) ?? {};
      counts.set(shardOf(jobId), shard);
      for (const [counter, value] of Object.entries(job.counts))
        shard[counter] = (shard[counter] ?? 0) + value;
      if (next % Math.ceil(jobs / idsKept) === 0) ids.push(jobId);
      next += 1;
      if (next % 50_000 === 0) say(next);
    }
    const [now, later] = [buffered.slice(0, itemsTogether), buffered.slice(itemsTogether)];
    buffered = later;
    return now;
  };
  const deadline = performance.now() + giveUpAfter;
  const writer = async (): Promise<void> => {
    for (let writes = copies(); writes.length > 0; writes = copies()) {
      if (performance.now() > deadline)
        throw new Error(`within an hour only ${next} of ${jobs} jobs were written`);
      await write(store, writes);
    }
  };
  await Promise.all(Array.from({ length: transactionsAtOnce }, writer));
  await write(
    store,
    [...counts].map(([shard, add]): Write => ({ update: countersKey(shard), add })),
  );
  return ids;
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

async function write(store: JobStore, writes: Write[]): Promise<void> {
  if (!(await store.write(writes)))
    throw new Error('the table would not take the jobs: is something else writing?');
}
