import { UserError } from '../lib/user-error.ts';
import { readOptions, type ServiceOptions } from './options.ts';
import { startService } from './service.ts';

/** `npm start`: runs the service until Ctrl-C or SIGTERM, and stops every process that it started. */
const options = readOptions(process.argv.slice(2));
const stopping = new AbortController();

const stopSignal = new Promise<number>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stopping.abort();
      resolve(0);
    });
  }
});

async function run(): Promise<number> {
  const failure = Promise.withResolvers<number>();
  const stop = await startService(options, stopping.signal, (reason) => {
    console.error(`eks-jobs: ${reason}`);
    failure.resolve(1);
  });
  const api = `http://127.0.0.1:${options.port}`;
  console.log(`ready ${api}`);
  console.log(`try: ${firstCall(api, options)}`);
  const code = await Promise.race([stopSignal, failure.promise]);
  await stop();
  return code;
}

/** Returns a first command that the user can try. */
function firstCall(api: string, { authorization, stateDir }: ServiceOptions): string {
  const call = `curl -X POST ${api}/jobs`;
  if (!authorization) return call;
  const token = authorization.issuer ? '$TOKEN' : `$(npm run --silent token -- --state-dir '${stateDir}')`;
  return `${call} -H "authorization: Bearer ${token}"`;
}

try {
  process.exitCode = await run();
} catch (error) {
  if (stopping.signal.aborted) process.exitCode = 130;
  else if (error instanceof UserError) {
    console.error(`eks-jobs: ${error.message}`);
    process.exitCode = 1;
  } else throw error;
}
