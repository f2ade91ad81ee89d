import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { RunningService } from '../tests/harness/running-service.ts';
import { residentMegabytes, spread } from './measure.ts';

const jobs = 1000;
const clients = 16;
/**
 * Milliseconds between two polls. It is long, so that polling does not affect the measurement. The job's finishedAt has the
 * exact end.
 */
const pollInterval = 200;

/** Measures trivial jobs (records 0) in the complete local service, with several clients at once. */
export async function benchService(): Promise<string[]> {
  const service = await RunningService.start({ environment: { BEAT_SECONDS: '5' } });
  try {
    await run(service, 50);
    const { seconds, posts, ends } = await run(service, jobs);
    const memory = residentMegabytes(service.pid);
    return [
      `${jobs} trivial jobs, ${clients} clients, each with one job at a time`,
      `throughput           ${(jobs / seconds).toFixed(1)} jobs/s`,
      `POST                 ${spread(posts)}`,
      `POST to SUCCEEDED    ${spread(ends)}`,
      `memory of the service ${memory.toFixed(0)} MB`,
    ];
  } finally {
    await service.stop();
  }
}

async function run(
  service: RunningService,
  count: number,
): Promise<{ seconds: number; posts: number[]; ends: number[] }> {
  const posts: number[] = [];
  const ends: number[] = [];
  let remaining = count;
  const started = performance.now();
  const client = async (): Promise<void> => {
    while (remaining > 0) {
      remaining -= 1;
      const posted = Date.now();
      const jobId = await service.post({ input: { source: 'synthetic', records: 0 } });
      posts.push(Date.now() - posted);
      ends.push((await waitUntilSucceeded(service, jobId)) - posted);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { seconds: (performance.now() - started) / 1000, posts, ends };
}

/** Waits for a job. @returns when it ended, in epoch milliseconds of this machine. */
async function waitUntilSucceeded(service: RunningService, jobId: string): Promise<number> {
  for (let polls = 0; polls < 600; polls += 1) {
    await setTimeout(pollInterval);
    const { status, finishedAt } = await service.job(jobId);
    if (status === 'SUCCEEDED') return Date.parse(finishedAt ?? '');
  }
  throw new Error(`job ${jobId} did not succeed within two minutes`);
}
