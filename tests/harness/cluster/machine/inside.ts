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

// Runs inside namespaces of its own (run.ts): brings the cluster up, runs a command, and leaves the rest to the kernel,
// which ends every process, mount and interface together with the namespaces.
const [directory = '', programs = '', ...command] = process.argv.slice(2);
const bin = join(programs, 'bin');
const kubeconfig = join(directory, 'pki', 'admin.kubeconfig');
/** Until the node is ready, in milliseconds; it takes five seconds on a machine with two cores. */
const patience = 120_000;

/** What the kubelet would change for the whole machine; it finds it changed already, and changes nothing. */
const kernelSettings = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

function must(...[program = '', ...parameters]: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${parameters.join(' ')}: ${stderr || stdout}`);
  return stdout;
}

const eventually = (...call: string[]): Promise<string> =>
  pRetry(() => must(...call), {
    retries: Infinity,
    minTimeout: 100,
    maxTimeout: 200,
    maxRetryTime: patience,
  });

function shadowKernelSettings(): void {
  const shadows = join(directory, 'kernel');
  mkdirSync(shadows);
  for (const [name, value] of Object.entries(kernelSettings)) {
    const shadow = join(shadows, name.replaceAll('/', '.'));
    writeFileSync(shadow, `${value}\n`);
    must('mount', '--bind', shadow, `/proc/sys/${name}`);
  }
}

function makeNetwork(): void {
  must('ip', 'link', 'set', 'lo', 'up');
  must('ip', 'link', 'add', podNetwork.bridge, 'type', 'bridge');
  for (const own of [`${address}/24`, `${serviceAddress}/32`]) {
    must('ip', 'addr', 'add', own, 'dev', podNetwork.bridge);
  }
  must('ip', 'link', 'set', podNetwork.bridge, 'up');
}

async function bringUp(supervisor: Supervisor): Promise<void> {
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
  await eventually(...ctr, 'version');
  const images = join(directory, 'images');
  for (const image of readdirSync(images)) must(...ctr, 'images', 'import', join(images, image));
  await eventually(...kubectl('get', '--raw', '/readyz'));
  const kubelet = ['--clusterrole=system:kubelet-api-admin', '--user=kube-apiserver-kubelet-client'];
  await eventually(...kubectl('create', 'clusterrolebinding', 'kubelet-api', ...kubelet));
  for (const component of rest) supervisor.start(component);
  await eventually(...kubectl('wait', '--for=condition=Ready', 'node/node1', '--timeout=1s'));
  await eventually(...kubectl('get', 'serviceaccount', 'default'));
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
  // The terminal tells the command itself.
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
await bringUp(supervisor);
console.error(`eks-jobs: Kubernetes is ready after ${((Date.now() - started) / 1000).toFixed(1)} s`);
const code = await runCommand();
supervisor.stop();
process.exit(code);
