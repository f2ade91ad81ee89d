import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { applyObjects, kubectl } from './kubectl.ts';

/** Reads an environment variable that `npm run cluster` sets. */
const clusterVariable = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run this by \`npm run test:cluster\``);
  return value;
};

/** A program besides the cluster's components. Its log is in the same folder as theirs. */
class Program {
  readonly #child: ChildProcess;

  constructor(name: string, parameters: string[], environment: Record<string, string> = {}) {
    const log = openSync(join(clusterVariable('CLUSTER_DIRECTORY'), 'log', name), 'a');
    this.#child = spawn(name, parameters, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...environment },
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

/** Starts kwok, which keeps nodes Ready that exist only as objects. `SimulatedNodes` runs their pods. */
export function startKwok(): Program {
  const stages = ['fast/node-initialize', 'heartbeat-with-lease/node-heartbeat-with-lease'];
  return new Program('kwok', [
    `--kubeconfig=${clusterVariable('KUBECONFIG')}`,
    ...stages.map((stage) => `--config=${join(clusterVariable('CLUSTER_STAGES'), `${stage}.yaml`)}`),
    '--manage-all-nodes=false',
    '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
    '--node-ip=127.0.0.1',
    // Without leases a node is NotReady when it is 50 s old.
    '--node-lease-duration-seconds=40',
    '--server-address=127.0.0.1:10247',
  ]);
}

/** Starts the real Karpenter with the cloud provider of its own tests, whose machines are only objects. */
export async function startKarpenter(): Promise<Program> {
  const crds = clusterVariable('CLUSTER_CRDS');
  const files = ['karpenter', 'karpenter-kwok'].map((folder) => `--filename=${join(crds, folder)}`);
  await kubectl('apply', '--server-side', ...files);
  const established = [
    'nodepools.karpenter.sh',
    'nodeclaims.karpenter.sh',
    'kwoknodeclasses.karpenter.kwok.sh',
  ];
  await kubectl(
    'wait',
    '--for=condition=Established',
    '--timeout=30s',
    ...established.map((name) => `crd/${name}`),
  );
  const karpenter = new Program('karpenter', [], {
    SYSTEM_NAMESPACE: 'kube-system',
    KARPENTER_SERVICE: 'karpenter',
    DISABLE_LEADER_ELECTION: 'true',
    METRICS_PORT: '8080',
    HEALTH_PROBE_PORT: '8081',
    // How long it waits for more pods before it requests nodes. The defaults are 1 s and 10 s.
    BATCH_IDLE_DURATION: '300ms',
    BATCH_MAX_DURATION: '2s',
  });
  await applyObjects({
    apiVersion: 'karpenter.kwok.sh/v1alpha1',
    kind: 'KWOKNodeClass',
    metadata: { name: 'default' },
  });
  return karpenter;
}
