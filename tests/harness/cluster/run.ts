import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { cache } from '../../../local/build.ts';
import { writeImages } from './machine/images.ts';
import { ensurePrerequisites } from './machine/prerequisites.ts';
import { buildPrograms } from './machine/programs.ts';

/** `npm run cluster -- COMMAND`: a real Kubernetes for as long as a command runs. */
const options = new Command('npm run cluster --')
  .description(
    'Runs a command beside a fresh single-node Kubernetes, in namespaces of its own; nothing of either is left when it ends.\n' +
      'The command finds: KUBECONFIG (context `cluster`), kubectl, CLUSTER_ADDRESS (where pods reach its servers).',
  )
  .argument('<command...>')
  .option('--logs <directory>', "keep the components' logs there")
  .passThroughOptions()
  .parse();

/** How long a command may take to end after Ctrl-C, in milliseconds. */
const goodbye = 10_000;

const here = (name: string): string => fileURLToPath(new URL(`machine/${name}`, import.meta.url));

/** Everything dies with this process, however it ends: the kernel sees to the namespaces, the janitor to the rest. */
async function run(command: string[]): Promise<number> {
  ensurePrerequisites();
  const programs = buildPrograms(cache);
  const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-cluster-'));
  const janitor = spawn('sh', [here('janitor.sh'), directory], {
    stdio: ['pipe', 'inherit', 'inherit'],
    detached: true,
  });
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  await writeImages(join(directory, 'images'), stopping.signal);
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', here('inside.ts')];
  // The shell is the namespaces' first process, which must reap what others leave behind.
  const first = ['sh', '-c', '"$@"; exit $?', 'cluster'];
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'unshare', ...namespaces, ...first, ...node, directory, programs, ...command],
    { stdio: 'inherit' },
  );
  const end = (): void => {
    child.kill('SIGKILL');
  };
  // Ctrl-C reaches the command too, by the terminal: it may end by itself.
  process.once('SIGINT', () => setTimeout(end, goodbye).unref());
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
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
