import { KubeConfig } from '@kubernetes/client-node';
import { clusterArguments } from '../tests/harness/cluster/service.ts';
import { RunningService } from '../tests/harness/running-service.ts';
import { benchBurst } from './cluster/burst.ts';
import { CompletedJobs } from './cluster/completed-jobs.ts';
import { benchLatency } from './cluster/latency.ts';
import { benchMany } from './cluster/many.ts';
import { describeMachine } from './measure.ts';

/**
 * `npm run bench:cluster`: compares our POST with a `kubectl create` of a bare Job, with the same container and the same
 * requests, on the same cluster in one run. Arguments (latency, burst, many) select parts.
 */
const selectedParts = process.argv.slice(2);
const isSelected = (part: string): boolean => selectedParts.length === 0 || selectedParts.includes(part);

const printSection = (title: string, lines: string[]): void => {
  console.log(`\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}`);
};

const configuration = new KubeConfig();
configuration.loadFromDefault();

// Small requests, so that a hundred pods fit on the node with its two CPUs: otherwise both sides would wait for CPUs.
const smallRequests = ['--job-cpu', '10m', '--job-memory', '64Mi'];
const environment = { BEAT_SECONDS: '5' };
console.log(describeMachine());

if (isSelected('latency') || isSelected('burst')) {
  const completed = await CompletedJobs.watch(configuration);
  const service = await RunningService.start({
    arguments: [...(await clusterArguments()), ...smallRequests],
    environment,
  });
  try {
    if (isSelected('latency')) printSection('One job after another', await benchLatency(service, completed));
    if (isSelected('burst')) printSection('A hundred at once', await benchBurst(service, completed));
  } finally {
    await service.stop();
    await completed.stop();
  }
}
if (isSelected('many'))
  printSection('500 jobs on simulated nodes', await benchMany(configuration, smallRequests, environment));
