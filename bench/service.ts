import { performance } from 'node:perf_hooks';
import { RunningService } from '../tests/local/running-service.ts';
import { residentMegabytes, spread } from './measure.ts';

const jobs = 1000;
const atOnce = 16;

/** Trivial jobs (records 0) through the whole local service, several clients at once. */
export async function benchService(): Promise<string[]> {
  const service = await RunningService.start({ environment: { BEAT_SECONDS: '5' } });
  try {
    await run(service, 50);
    const { seconds, posts, ends } = await run(service, jobs);
    const memory = residentMegabytes(service.pid);
    return [
      `${jobs} trivial jobs, ${atOnce} clients, each polling its job every 20 ms until SUCCEEDED`,
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
  let left = count;
  const started = performance.now();
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const posted = performance.now();
      const jobId = await service.post({ input: { source: 'synthetic', records: 0 } });
      posts.push(performance.now() - posted);
      const { status } = await service.ended(jobId);
      if (status !== 'SUCCEEDED') throw new Error(`job ${jobId} is ${status}`);
      ends.push(performance.now() - posted);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return { seconds: (performance.now() - started) / 1000, posts, ends };
}
