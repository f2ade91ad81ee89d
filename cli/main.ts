import { exitCodes } from './exit-codes.ts';
import { run } from './run.ts';

/** `eks-jobs`: the process around a command line. */
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interruption.abort();
    // For what cannot be interrupted; long enough to leave the terminal in order.
    setTimeout(() => process.exit(exitCodes.interrupted), 2000).unref();
  });
}
// A reader that has seen enough, as head, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// An empty variable is none.
for (const name of ['EKS_JOBS_API', 'EKS_JOBS_TOKEN']) {
  if (process.env[name] === '') Reflect.deleteProperty(process.env, name);
}

process.exitCode = await run(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  input: process.stdin,
  interrupted: interruption.signal,
});
