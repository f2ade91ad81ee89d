import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { cacheDirectory } from '../../../lib/cache.ts';
import { writeImages } from './machine/images.ts';
import { ensurePrerequisites } from './machine/prerequisites.ts';
import { buildPrograms } from './machine/programs.ts';

/** `npm run cluster -- COMMAND`: runs a real Kubernetes while a command runs. */
const options = new Command('npm run cluster --')
  .description(
    'Runs a command beside a fresh single-node Kubernetes, in new namespaces. When the command ends, both are removed.\n' +
      'It sets KUBECONFIG (context `cluster`) and CLUSTER_ADDRESS (where pods reach the command’s servers) and adds kubectl to the PATH.',
  )
  .argument('<command...>')
  .option('--logs <directory>', "copy the components' logs to this directory")
  .passThroughOptions()
  .parse();

/** Milliseconds that the command has to end after Ctrl-C. */
const stopMilliseconds = 10_000;

const machineFile = (name: string): string => fileURLToPath(new URL(`machine/${name}`, import.meta.url));

/**
 * Runs the cluster and the command. However this process ends, the kernel ends the processes in the namespaces, and the
 * janitor removes the rest.
 */
async function run(command: string[]): Promise<number> {
  ensurePrerequisites();
  const programs = buildPrograms(cacheDirectory);
  const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-cluster-'));
  const janitor = spawn('sh', [machineFile('janitor.sh'), directory], {
    stdio: ['pipe', 'inherit', 'inherit'],
    detached: true,
  });
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  await writeImages(join(directory, 'images'), stopping.signal);
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const nodeCommand = [process.execPath, '--disable-warning=ExperimentalWarning', machineFile('inside.ts')];
  // The shell is the first process of the namespaces, which must reap orphaned processes.
  const shell = ['sh', '-c', '"$@"; exit $?', 'cluster'];
  const child = spawn(
    'setpriv',
    [
      '--pdeathsig',
      'KILL',
      'unshare',
      ...namespaces,
      ...shell,
      ...nodeCommand,
      directory,
      programs,
      ...command,
    ],
    { stdio: 'inherit' },
  );
  const killCluster = (): void => {
    child.kill('SIGKILL');
  };
  // The terminal sends Ctrl-C to the command, too: it gets some time to end.
  process.on('SIGINT', () => setTimeout(killCluster, stopMilliseconds).unref());
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, killCluster);
  const [code] = (await once(child, 'exit')) as [number | null];
  const { logs } = options.opts<{ logs?: string }>();
  if (logs && existsSync(join(directory, 'log'))) cpSync(join(directory, 'log'), logs, { recursive: true });
  janitor.stdin.end();
  await once(janitor, 'exit');
  return code ?? 1;
}

try {
  process.exitCode = await run(options.args);
} catch (error) {
  console.error(`eks-jobs: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
