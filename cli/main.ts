import { exitCodes } from './exit-codes.ts';
import { runCommandLine } from './run.ts';

/** Runs `eks-jobs` as a process: signals, streams, variables and exit code. */
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interruption.abort();
    // Ends what cannot be interrupted; long enough to restore the terminal.
    setTimeout(() => process.exit(exitCodes.interrupted), 2000).unref();
  });
}
// A reader such as head may close the pipe early; that is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// An empty variable counts as unset.
for (const name of ['EKS_JOBS_API', 'EKS_JOBS_TOKEN']) {
  if (process.env[name] === '') Reflect.deleteProperty(process.env, name);
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  input: process.stdin,
  interrupted: interruption.signal,
});
