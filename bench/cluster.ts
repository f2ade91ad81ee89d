import { KubeConfig } from '@kubernetes/client-node';
import { clusterArguments } from '../tests/harness/cluster/service.ts';
import { RunningService } from '../tests/harness/running-service.ts';
import { benchBurst } from './cluster/burst.ts';
import { CompletedJobs } from './cluster/completed-jobs.ts';
import { benchLatency } from './cluster/latency.ts';
import { benchMany } from './cluster/many.ts';
import { machine } from './measure.ts';

/**
 * `npm run bench:cluster`: our POST beside a bare `kubectl create`, of the same container with the same requests, on the
 * same cluster in one run. With names (latency, burst, many) only those parts.
 */
const wanted = process.argv.slice(2);
const chosen = (part: string): boolean => wanted.length === 0 || wanted.includes(part);

const show = (title: string, lines: string[]): void => {
  console.log(`\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}`);
};

const configuration = new KubeConfig();
configuration.loadFromDefault();

// Small requests: otherwise a hundred pods wait for the node's two CPUs, whoever made them.
const small = ['--job-cpu', '10m', '--job-memory', '64Mi'];
const environment = { BEAT_SECONDS: '5' };
console.log(machine());

if (chosen('latency') || chosen('burst')) {
  const completed = await CompletedJobs.watch(configuration);
  const service = await RunningService.start({
    arguments: [...(await clusterArguments()), ...small],
    environment,
  });
  try {
    if (chosen('latency')) show('One job after another', await benchLatency(service, completed));
    if (chosen('burst')) show('A hundred at once', await benchBurst(service, completed));
  } finally {
    await service.stop();
    await completed.stop();
  }
}
if (chosen('many')) show('500 jobs on simulated nodes', await benchMany(configuration, small, environment));
