import { Command, InvalidArgumentError } from 'commander';
import { listJobs } from '../api/job-list.ts';
import { CountedApi, inWords } from './api/costs.ts';
import { FilledService } from './api/filled-service.ts';
import { period } from './api/fill.ts';
import { compareInTurn, type Pair } from './api/compare.ts';
import { recordJobs } from './api/recorded-jobs.ts';
import { machine, range } from './measure.ts';

/**
 * `npm run bench:api`: does an answer of the API cost the same however many jobs there are? Two local services side by
 * side, one that holds few jobs and one that holds many, are asked the same in turn.
 */
const fewJobs = 1000;
const { jobs: manyJobs } = new Command('npm run bench:api --')
  .description(`Asks a service that holds ${fewJobs} jobs and one that holds many the same, in turn.`)
  .option(
    '--jobs <jobs>',
    'how many the second one holds; a million take a quarter of an hour and 4 GB to write',
    jobCount,
    1_000_000,
  )
  .allowExcessArguments(false)
  .parse()
  .opts<{ jobs: number }>();

function jobCount(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= fewJobs && value <= 10_000_000) return value;
  throw new InvalidArgumentError(`Allowed: an integer from ${fewJobs} to 10000000.`);
}

/** All jobs are the caller's, but for some in the second service that are somebody's who has few. */
const [owner, somebody] = ['local', 'somebody'];
const now = (): Date => new Date();
const middle = new Date(Date.now() - period / 2).toISOString();
const listed = '/jobs?limit=20';

console.log(machine());
const [few, many] = [await FilledService.start(), await FilledService.start()];
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void Promise.all([few.stop(), many.stop()]).finally(() => process.exit(130)));
}
try {
  const recorded = await recordJobs(few);
  await few.fill(recorded, fewJobs, owner);
  await many.fill(recorded, manyJobs, owner);
  await many.fill(recorded, fewJobs, somebody);
  // Wherever a job lies: not one that was just asked for.
  const anyJob = ({ ids }: FilledService, number: number): string =>
    `/jobs/${ids[(number * 379) % ids.length] ?? ''}`;
  const get = (name: string, path: (of: FilledService, number: number) => string): Pair => ({
    name,
    few: (number) => few.get(path(few, number)),
    many: (number) => many.get(path(many, number)),
  });

  const compared = await compareInTurn([
    get('GET /jobs/stats', () => '/jobs/stats'),
    get('GET /jobs/{jobId}', anyJob),
    get('GET /jobs, its owner has them all', () => listed),
    get('the same, in the middle', () => `${listed}&to=${middle}`),
    {
      name: `listJobs alone, its owner has ${fewJobs}`,
      few: () => listJobs(owner, { limit: '20' }, { store: few.store, now }),
      many: () => listJobs(somebody, { limit: '20' }, { store: many.store, now }),
    },
  ]);
  console.log(`\nTimes: ${fewJobs} jobs and ${manyJobs}, medians; ratios of the medians of each round`);
  for (const { name, few: before, many: after, ratios } of compared) {
    const medians = `${before.toFixed(2)} ms and ${after.toFixed(2)} ms`;
    console.log(`  ${name.padEnd(36)} ${medians.padEnd(22)} ${range(ratios, 'times', 2)}`);
  }

  const counted = await CountedApi.start();
  try {
    console.log('\nCalls of AWS, and DynamoDB read units by its ConsumedCapacity');
    for (const path of [
      '/jobs/stats',
      listed,
      '/jobs?limit=100',
      '/jobs?status=CANCELLED',
      '/jobs/{jobId}',
    ]) {
      const words = [];
      for (const service of [few, many]) {
        const asked = path.replace('{jobId}', service.ids[0] ?? '');
        words.push(inWords(await counted.callsOf(service.running, asked)));
      }
      console.log(`  GET ${path.padEnd(28)} ${words.join(' and ')}`);
    }
  } finally {
    await counted.stop();
  }
} finally {
  await few.stop();
  await many.stop();
}
