import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import pRetry from 'p-retry';
import {
  address,
  components,
  containerdSocket,
  makeControlGroups,
  podNetwork,
  serviceAddress,
} from './components.ts';
import { makeCertificates } from './certificates.ts';
import { findPluginDirectory } from './prerequisites.ts';
import { Supervisor } from './supervisor.ts';

// Runs inside the namespaces that run.ts makes: starts the cluster and runs a command. At its end the kernel removes the
// processes, mounts and interfaces together with the namespaces.
const [directory = '', programs = '', ...command] = process.argv.slice(2);
const bin = join(programs, 'bin');
const kubeconfig = join(directory, 'pki', 'admin.kubeconfig');
/** Milliseconds until the node must be ready. With two cores it takes five seconds. */
const startTimeout = 120_000;

/** Kernel settings that the kubelet would change for the whole machine. It finds these values, and does not write. */
const kernelSettings = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

/** Runs a program. @returns its standard output. @throws Error with its output if it fails. */
function run(...[program = '', ...parameters]: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${parameters.join(' ')}: ${stderr || stdout}`);
  return stdout;
}

/** Repeats a call until it succeeds. */
const runUntilSuccess = (...call: string[]): Promise<string> =>
  pRetry(() => run(...call), {
    retries: Infinity,
    minTimeout: 100,
    maxTimeout: 200,
    maxRetryTime: startTimeout,
  });

/** Mounts files with the settings' values over those of the kernel, in this mount namespace only. */
function shadowKernelSettings(): void {
  const shadows = join(directory, 'kernel');
  mkdirSync(shadows);
  for (const [name, value] of Object.entries(kernelSettings)) {
    const shadow = join(shadows, name.replaceAll('/', '.'));
    writeFileSync(shadow, `${value}\n`);
    run('mount', '--bind', shadow, `/proc/sys/${name}`);
  }
}

function makeNetwork(): void {
  run('ip', 'link', 'set', 'lo', 'up');
  run('ip', 'link', 'add', podNetwork.bridge, 'type', 'bridge');
  for (const local of [`${address}/24`, `${serviceAddress}/32`]) {
    run('ip', 'addr', 'add', local, 'dev', podNetwork.bridge);
  }
  run('ip', 'link', 'set', podNetwork.bridge, 'up');
}

async function startCluster(supervisor: Supervisor): Promise<void> {
  const kubectl = (...parameters: string[]): string[] => [
    join(bin, 'kubectl'),
    '--kubeconfig',
    kubeconfig,
    ...parameters,
  ];
  shadowKernelSettings();
  makeNetwork();
  makeCertificates(join(directory, 'pki'), address, serviceAddress);
  const hierarchies = readdirSync('/sys/fs/cgroup').filter((name) => name !== 'unified');
  makeControlGroups(directory, hierarchies);
  const [etcd, containerd, apiserver, ...rest] = components(directory, bin, findPluginDirectory() ?? '');
  for (const component of [etcd, containerd, apiserver]) if (component) supervisor.start(component);
  const ctr = ['ctr', '--address', containerdSocket(directory), '--namespace', 'k8s.io'];
  await runUntilSuccess(...ctr, 'version');
  const images = join(directory, 'images');
  for (const image of readdirSync(images)) run(...ctr, 'images', 'import', join(images, image));
  await runUntilSuccess(...kubectl('get', '--raw', '/readyz'));
  const kubelet = ['--clusterrole=system:kubelet-api-admin', '--user=kube-apiserver-kubelet-client'];
  await runUntilSuccess(...kubectl('create', 'clusterrolebinding', 'kubelet-api', ...kubelet));
  for (const component of rest) supervisor.start(component);
  await runUntilSuccess(...kubectl('wait', '--for=condition=Ready', 'node/node1', '--timeout=1s'));
  await runUntilSuccess(...kubectl('get', 'serviceaccount', 'default'));
}

async function runCommand(): Promise<number> {
  const [program = '', ...parameters] = command;
  const child = spawn(program, parameters, {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
      KUBECONFIG: kubeconfig,
      CLUSTER_DIRECTORY: directory,
      CLUSTER_ADDRESS: address,
      CLUSTER_CRDS: join(programs, 'crds'),
      CLUSTER_STAGES: join(programs, 'stages'),
    },
  });
  // The terminal sends SIGINT to the command, too; only the command reacts.
  process.on('SIGINT', () => undefined);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
    });
  });
}

const supervisor = new Supervisor(directory);
const started = Date.now();
await startCluster(supervisor);
console.error(`eks-jobs: Kubernetes is ready after ${((Date.now() - started) / 1000).toFixed(1)} s`);
const code = await runCommand();
supervisor.stop();
process.exit(code);
