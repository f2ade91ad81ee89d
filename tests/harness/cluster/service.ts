import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { identity } from './identities.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The namespace in which the jobs of these tests run. */
export const namespace = 'eks-jobs';

let arguments_: Promise<string[]> | undefined;

/**
 * Returns the arguments with which `npm start` runs its jobs in the tests' cluster. Applies k8s/ there, and gives the
 * service only the permissions that the state machine has on EKS.
 */
export function clusterArguments(): Promise<string[]> {
  arguments_ ??= prepare();
  return arguments_;
}

async function prepare(): Promise<string[]> {
  const command = ['k8s/command.ts', 'k8s:apply', '--context', 'cluster', '--namespace', namespace];
  await run(process.execPath, ['--disable-warning=ExperimentalWarning', ...command], { cwd: root });
  return [
    ...['--context', 'cluster', '--kubeconfig', identity('state-machine', `${namespace}:run-job`).kubeconfig],
    ...['--namespace', namespace, '--advertise', process.env['CLUSTER_ADDRESS'] ?? ''],
  ];
}
