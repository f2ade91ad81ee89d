import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { kubectl } from '../../tests/harness/cluster/kubectl.ts';
import { namespace } from '../../tests/harness/cluster/service.ts';
import { eventually, type RunningService } from '../../tests/harness/running-service.ts';
import { range } from '../measure.ts';
import { bareJob, input } from './bare-job.ts';
import type { CompletedJobs } from './completed-jobs.ts';

const jobs = 100;
const rounds = 3;

/** A hundred jobs at once, in turn: the wall time until the last is Complete. */
export async function benchBurst(service: RunningService, completed: CompletedJobs): Promise<string[]> {
  const [bare, ours, seen, ratios]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = 0; round < rounds; round += 1) {
    // What is left of those before would be taken away at the cost of those that follow.
    await noPods();
    const plain = await bareSeconds(round, completed);
    await noPods();
    const posted = await postedSeconds(service, completed);
    bare.push(plain);
    ours.push(posted.complete);
    seen.push(posted.succeeded);
    ratios.push(posted.complete / plain);
  }
  return [
    `kubectl create to the last Complete   ${range(bare, 's')}`,
    `POSTs to the last Complete            ${range(ours, 's')}`,
    `POSTs to the last SUCCEEDED           ${range(seen, 's')}`,
    `ratio, POST to kubectl                ${range(ratios, 'times', 2)}`,
  ];
}

const noPods = (): Promise<true> =>
  eventually(
    async () => (await kubectl('get', 'pods', '-n', namespace, '-o', 'name')) === '' || undefined,
    'every pod gone',
    300_000,
  );

async function bareSeconds(round: number, completed: CompletedJobs): Promise<number> {
  const names = Array.from({ length: jobs }, (_, index) => `burst-${round}-${index}`);
  const documents = await Promise.all(names.map((name) => bareJob(name, '10m', '64Mi')));
  const file = join(process.env['CLUSTER_DIRECTORY'] ?? '', `burst-${round}.yml`);
  writeFileSync(file, documents.join('---\n'));
  const started = performance.now();
  await kubectl('create', '-n', namespace, '-f', file);
  const last = Math.max(...(await Promise.all(names.map((name) => completed.at(name)))));
  await kubectl('delete', '-n', namespace, '-f', file);
  return (last - started) / 1000;
}

async function postedSeconds(
  service: RunningService,
  completed: CompletedJobs,
): Promise<{ complete: number; succeeded: number }> {
  const [started, clock] = [performance.now(), Date.now()];
  const ids = await Promise.all(Array.from({ length: jobs }, () => service.post({ input })));
  const last = Math.max(...(await Promise.all(ids.map((jobId) => completed.at(`${jobId}-0-0`)))));
  const ends = await Promise.all(
    ids.map(async (jobId) => Date.parse((await service.ended(jobId)).finishedAt ?? '')),
  );
  return { complete: (last - started) / 1000, succeeded: (Math.max(...ends) - clock) / 1000 };
}
