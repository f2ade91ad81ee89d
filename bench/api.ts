import { Command, InvalidArgumentError } from 'commander';
import { listJobs } from '../api/job-list.ts';
import { CountedApi, describeCalls } from './api/costs.ts';
import { FilledService } from './api/filled-service.ts';
import { period } from './api/fill.ts';
import { compareAlternately, type Pair } from './api/compare.ts';
import { recordJobs } from './api/recorded-jobs.ts';
import { describeMachine, range } from './measure.ts';

/**
 * `npm run bench:api`: does a request to the API cost the same with few and with many jobs? Sends the same requests
 * alternately to two local services, one with few jobs and one with many.
 */
const fewJobs = 1000;
const { jobs: manyJobs } = new Command('npm run bench:api --')
  .description(`Sends the same requests to a service with ${fewJobs} jobs and to one with many, alternately.`)
  .option(
    '--jobs <jobs>',
    'the number of jobs of the second service; a million need a quarter of an hour and 4 GB to write',
    parseJobCount,
    1_000_000,
  )
  .allowExcessArguments(false)
  .parse()
  .opts<{ jobs: number }>();

function parseJobCount(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= fewJobs && value <= 10_000_000) return value;
  throw new InvalidArgumentError(`Allowed: an integer from ${fewJobs} to 10000000.`);
}

/** All jobs belong to the caller, except for a few in the second service that belong to another owner. */
const [owner, otherOwner] = ['local', 'other'];
const now = (): Date => new Date();
const middleOfPeriod = new Date(Date.now() - period / 2).toISOString();
const listPath = '/jobs?limit=20';

console.log(describeMachine());
const [few, many] = [await FilledService.start(), await FilledService.start()];
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void Promise.all([few.stop(), many.stop()]).finally(() => process.exit(130)));
}
try {
  const recorded = await recordJobs(few);
  await few.fill(recorded, fewJobs, owner);
  await many.fill(recorded, manyJobs, owner);
  await many.fill(recorded, fewJobs, otherOwner);
  // Spreads the requests over all jobs, so that a job is not requested twice in a row.
  const pathOfJob = ({ ids }: FilledService, number: number): string =>
    `/jobs/${ids[(number * 379) % ids.length] ?? ''}`;
  const get = (name: string, path: (service: FilledService, number: number) => string): Pair => ({
    name,
    few: (number) => few.get(path(few, number)),
    many: (number) => many.get(path(many, number)),
  });

  const compared = await compareAlternately([
    get('GET /jobs/stats', () => '/jobs/stats'),
    get('GET /jobs/{jobId}', pathOfJob),
    get('GET /jobs, all jobs of its owner', () => listPath),
    get('the same, in the middle of the list', () => `${listPath}&to=${middleOfPeriod}`),
    {
      name: `listJobs alone, the owner of ${fewJobs}`,
      few: () => listJobs(owner, { limit: '20' }, { store: few.store, now }),
      many: () => listJobs(otherOwner, { limit: '20' }, { store: many.store, now }),
    },
  ]);
  console.log(`\nTimes: ${fewJobs} jobs and ${manyJobs}, medians; ratios of the medians of each round`);
  for (const { name, few: fewMedian, many: manyMedian, ratios } of compared) {
    const medians = `${fewMedian.toFixed(2)} ms and ${manyMedian.toFixed(2)} ms`;
    console.log(`  ${name.padEnd(36)} ${medians.padEnd(22)} ${range(ratios, 'times', 2)}`);
  }

  const counted = await CountedApi.start();
  try {
    console.log('\nCalls of AWS, and DynamoDB read units from ConsumedCapacity');
    for (const path of [
      '/jobs/stats',
      listPath,
      '/jobs?limit=100',
      '/jobs?status=CANCELLED',
      '/jobs/{jobId}',
    ]) {
      const descriptions = [];
      for (const service of [few, many]) {
        const requestPath = path.replace('{jobId}', service.ids[0] ?? '');
        descriptions.push(describeCalls(await counted.callsOf(service.running, requestPath)));
      }
      console.log(`  GET ${path.padEnd(28)} ${descriptions.join(' and ')}`);
    }
  } finally {
    await counted.stop();
  }
} finally {
  await few.stop();
  await many.stop();
}
