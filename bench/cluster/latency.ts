import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { kubectl } from '../../tests/harness/cluster/kubectl.ts';
import { namespace } from '../../tests/harness/cluster/service.ts';
import type { RunningService } from '../../tests/harness/running-service.ts';
import { percentile } from '../measure.ts';
import { input, makeBareJob } from './bare-job.ts';
import type { CompletedJobs } from './completed-jobs.ts';

const rounds = 20;

/** Measures bare Jobs and POSTs alternately, so that other load on the machine affects both. */
export async function benchLatency(service: RunningService, completed: CompletedJobs): Promise<string[]> {
  const [bare, toComplete, toSucceeded]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round <= rounds; round += 1) {
    const bareSeconds = await measureBareJob(`bare-${round}`, completed);
    const posted = await measurePost(service, completed);
    // The first round is a warm-up.
    if (round === 0) continue;
    bare.push(bareSeconds);
    toComplete.push(posted.complete);
    toSucceeded.push(posted.succeeded);
  }
  const ratio = percentile(toComplete, 0.5) / percentile(bare, 0.5);
  return [
    `kubectl create to Complete   ${seconds(bare)}`,
    `POST to Complete             ${seconds(toComplete)}`,
    `POST to SUCCEEDED            ${seconds(toSucceeded)}`,
    `ratio, POST to kubectl       ${ratio.toFixed(2)} (medians), ${(percentile(toComplete, 0.95) / percentile(bare, 0.95)).toFixed(2)} (p95)`,
  ];
}

async function measureBareJob(name: string, completed: CompletedJobs): Promise<number> {
  const file = join(process.env['CLUSTER_DIRECTORY'] ?? '', `${name}.yml`);
  writeFileSync(file, await makeBareJob(name, '10m', '64Mi'));
  const started = performance.now();
  await kubectl('create', '-n', namespace, '-f', file);
  const ended = await completed.completedAt(name);
  await kubectl('delete', 'job', '-n', namespace, name);
  return (ended - started) / 1000;
}

async function measurePost(
  service: RunningService,
  completed: CompletedJobs,
): Promise<{ complete: number; succeeded: number }> {
  const [started, clock] = [performance.now(), Date.now()];
  const jobId = await service.post({ input });
  const complete = (await completed.completedAt(`${jobId}-0-0`)) - started;
  const { finishedAt = '' } = await service.ended(jobId);
  return { complete: complete / 1000, succeeded: (Date.parse(finishedAt) - clock) / 1000 };
}

const seconds = (samples: readonly number[]): string =>
  `median ${percentile(samples, 0.5).toFixed(2)} s, p95 ${percentile(samples, 0.95).toFixed(2)} s (${samples.length} runs)`;
