import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startService, waitForCleanup } from '../compliance/job-runner.ts';
import { podNetwork } from '../harness/cluster/machine/components.ts';
import { eventually, type RunningService } from '../harness/running-service.ts';

// On EKS a pod starts with an open network. One or two seconds later its NetworkPolicy is attached, and from then on the
// responses of connections that were opened before are dropped: they are in no table of known connections
// (aws/aws-network-policy-agent#186, #345). The rules here do the same to the real packets of a real pod.

/** The mark of the connections whose responses are dropped. */
const mark = '7';
const ofPods = ['--protocol', 'tcp'];
const newConnections = {
  table: 'mangle',
  chain: 'PREROUTING',
  rule: ['--in-interface', podNetwork.bridge, ...ofPods, '--syn', '--jump', 'CONNMARK', '--set-mark', mark],
};
const markedResponses = {
  table: 'filter',
  chain: 'OUTPUT',
  rule: [
    '--out-interface',
    podNetwork.bridge,
    ...ofPods,
    '--match',
    'connmark',
    '--mark',
    mark,
    '--jump',
    'DROP',
  ],
};

function iptables(...parameters: string[]): string {
  const { status, stdout, stderr, error } = spawnSync('iptables', ['--wait', ...parameters], {
    encoding: 'utf8',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`iptables ${parameters.join(' ')}: ${stderr}`);
  return stdout;
}

const change = (command: '--insert' | '--delete', { table, chain, rule }: typeof newConnections): string =>
  iptables('--table', table, command, chain, ...rule);

/** Counts the packets that this rule, the first of its chain, has matched. */
function packetsOf({ table, chain }: typeof newConnections): number {
  const line = iptables('--table', table, '--list', chain, '1', '--verbose', '--numeric', '--exact');
  return Number(line.trim().split(/\s+/)[0]);
}

let service: RunningService;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

test('a job whose first two seconds of network are lost keeps its attempt', async () => {
  change('--insert', markedResponses);
  change('--insert', newConnections);
  const jobId = await service.post({ input: { source: 'synthetic', records: 10 } });
  await eventually(() => packetsOf(newConnections) > 0 || undefined, "the container's first packet");
  await wait(2000);
  change('--delete', newConnections);
  const job = await service.ended(jobId);
  const dropped = packetsOf(markedResponses);
  change('--delete', markedResponses);
  expect(dropped).toBeGreaterThan(0);
  expect(job).toMatchObject({ status: 'SUCCEEDED', attempts: [{ attempt: 0, status: 'SUCCEEDED' }] });
  expect(job.attempts).toHaveLength(1);
  await waitForCleanup(jobId);
  expect(await service.stats()).toMatchObject({ succeedJob: 1, jobRetry: 0, failedJob: 0 });
}, 120_000);
