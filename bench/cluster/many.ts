import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { KubeConfig } from '@kubernetes/client-node';
import { buildDataProcessor } from '../../image/cargo.ts';
import { startKwok } from '../../tests/harness/cluster/karpenter.ts';
import { clusterArguments } from '../../tests/harness/cluster/service.ts';
import { SimulatedNodes } from '../../tests/harness/cluster/simulated-nodes.ts';
import { RunningService } from '../../tests/harness/running-service.ts';
import { residentMegabytes } from '../measure.ts';
import { input } from './bare-job.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const jobs = 500;
/** Node's heap grows during the first 2,500 jobs or so; only the later rounds are meaningful. */
const rounds = 12;
const clients = 50;
const label = 'bench/simulated';

/** Runs twelve times 500 jobs on simulated nodes, to see whether the service's memory grows with the number of jobs. */
export async function benchMany(
  configuration: KubeConfig,
  arguments_: string[],
  environment: Record<string, string>,
): Promise<string[]> {
  const nodes = new SimulatedNodes(configuration, await buildDataProcessor(root));
  const kwok = startKwok();
  await nodes.start();
  for (const name of ['first', 'second', 'third']) await nodes.add(name, '32', { [label]: 'yes' });
  const service = await RunningService.start({
    arguments: [...(await clusterArguments()), ...arguments_, '--node-selector', `${label}=yes`],
    environment,
  });
  try {
    const megabytes = (): string => `service ${residentMegabytes(service.pid).toFixed(0)} MB`;
    const lines = [`before the first job: ${megabytes()}`];
    for (let round = 1; round <= rounds; round += 1) {
      const seconds = await runRound(service);
      lines.push(`${round * jobs} jobs done: ${seconds.toFixed(0)} s for the last ${jobs}, ${megabytes()}`);
    }
    const { jobs: ended } = await service.stats();
    lines.push(`succeeded ${ended.succeeded}, failed ${ended.failed}`);
    return lines;
  } finally {
    await service.stop();
    await nodes.stop();
    await kwok.stop();
  }
}

/** Runs the jobs of one round. @returns the seconds that they took. */
async function runRound(service: RunningService): Promise<number> {
  const before = (await service.stats()).jobs.succeeded;
  const started = performance.now();
  let remaining = jobs;
  const client = async (): Promise<void> => {
    for (; remaining > 0;) {
      remaining -= 1;
      await service.post({ input });
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  // Ten minutes at most.
  for (let polls = 0; polls < 1200; polls += 1) {
    if ((await service.stats()).jobs.succeeded >= before + jobs) return (performance.now() - started) / 1000;
    await setTimeout(500);
  }
  throw new Error('five hundred jobs did not end within ten minutes');
}
