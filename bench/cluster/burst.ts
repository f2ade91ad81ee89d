import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { kubectl } from '../../tests/harness/cluster/kubectl.ts';
import { namespace } from '../../tests/harness/cluster/service.ts';
import { eventually, type RunningService } from '../../tests/harness/running-service.ts';
import { range } from '../measure.ts';
import { input, makeBareJob } from './bare-job.ts';
import type { CompletedJobs } from './completed-jobs.ts';

const jobs = 100;
const rounds = 3;

/** Measures the time until the last of a hundred jobs is Complete, alternately for bare Jobs and POSTs. */
export async function benchBurst(service: RunningService, completed: CompletedJobs): Promise<string[]> {
  const [bare, toComplete, toSucceeded, ratios]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = 0; round < rounds; round += 1) {
    // Deleting the pods of the round before would slow down the next round.
    await waitUntilNoPods();
    const bareSeconds = await measureBareJobs(round, completed);
    await waitUntilNoPods();
    const posted = await measurePosts(service, completed);
    bare.push(bareSeconds);
    toComplete.push(posted.complete);
    toSucceeded.push(posted.succeeded);
    ratios.push(posted.complete / bareSeconds);
  }
  return [
    `kubectl create to the last Complete   ${range(bare, 's')}`,
    `POSTs to the last Complete            ${range(toComplete, 's')}`,
    `POSTs to the last SUCCEEDED           ${range(toSucceeded, 's')}`,
    `ratio, POST to kubectl                ${range(ratios, 'times', 2)}`,
  ];
}

const waitUntilNoPods = (): Promise<true> =>
  eventually(
    async () => (await kubectl('get', 'pods', '-n', namespace, '-o', 'name')) === '' || undefined,
    'the deletion of every pod',
    300_000,
  );

async function measureBareJobs(round: number, completed: CompletedJobs): Promise<number> {
  const names = Array.from({ length: jobs }, (_, index) => `burst-${round}-${index}`);
  const documents = await Promise.all(names.map((name) => makeBareJob(name, '10m', '64Mi')));
  const file = join(process.env['CLUSTER_DIRECTORY'] ?? '', `burst-${round}.yml`);
  writeFileSync(file, documents.join('---\n'));
  const started = performance.now();
  await kubectl('create', '-n', namespace, '-f', file);
  const last = Math.max(...(await Promise.all(names.map((name) => completed.completedAt(name)))));
  await kubectl('delete', '-n', namespace, '-f', file);
  return (last - started) / 1000;
}

async function measurePosts(
  service: RunningService,
  completed: CompletedJobs,
): Promise<{ complete: number; succeeded: number }> {
  const [started, clock] = [performance.now(), Date.now()];
  const ids = await Promise.all(Array.from({ length: jobs }, () => service.post({ input })));
  const last = Math.max(...(await Promise.all(ids.map((jobId) => completed.completedAt(`${jobId}-0-0`)))));
  const ends = await Promise.all(
    ids.map(async (jobId) => Date.parse((await service.ended(jobId)).finishedAt ?? '')),
  );
  return { complete: (last - started) / 1000, succeeded: (Math.max(...ends) - clock) / 1000 };
}
