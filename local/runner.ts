import { randomUUID } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { buildDataProcessor } from './build.ts';
import { type Endpoints, jobEnvironment, podEnvironment } from './environment.ts';
import type { Options } from './options.ts';
import { type JobRunner, taskArguments } from './aws/step-functions/index.ts';
import { ProcessRunner } from './runners/process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Opens the runner, once the table is there. @throws UserError or ClusterFailure when jobs could not run. */
type OpenRunner = (service: string, definition: string) => Promise<JobRunner>;

/**
 * Makes what jobs run in ready: the program that is built here, or the cluster that the user named.
 * @throws UserError or ClusterFailure when it is not to be had.
 */
export async function prepareRunner(
  options: Options,
  endpoints: Endpoints,
  signal: AbortSignal,
): Promise<OpenRunner> {
  if (options.cluster) return prepareCluster(options.cluster, options.port + 2, signal);
  const dataProcessor = await buildDataProcessor(root, signal);
  const { dataDir, concurrency } = options;
  return () =>
    Promise.resolve(new ProcessRunner(dataProcessor, jobEnvironment(endpoints, dataDir), concurrency));
}

async function prepareCluster(
  { context, kubeconfig, namespace, advertise }: NonNullable<Options['cluster']>,
  tablePort: number,
  signal: AbortSignal,
): Promise<OpenRunner> {
  // Only now: the client takes a third of a second to load.
  const { ApiServer, ensurePermissions, forward, KubernetesRunner, probe } =
    await import('./runners/kubernetes/index.ts');
  const { loadContext } = await import('../k8s/context.ts');
  const api = new ApiServer(loadContext(context, kubeconfig));
  await ensurePermissions(api, context, namespace);
  const table = `http://${isIPv6(advertise) ? `[${advertise}]` : advertise}:${tablePort}`;
  const environment = podEnvironment(table);
  return async (service, definition) => {
    const close = await forward(advertise, tablePort, tablePort);
    console.error(
      `eks-jobs: the table is open at ${table} and asks for no password: whoever reaches that address reads and writes it`,
    );
    try {
      console.error(`eks-jobs: checking with a pod in ${context} (${api.url}) that jobs can run there`);
      await probe(api, await jobManifest(definition), { context, namespace, environment, table }, signal);
    } catch (error) {
      await close();
      throw error;
    }
    const runner = new KubernetesRunner(api, service, environment);
    return {
      start: (job, given) => runner.start(job, given),
      waitingTurn: () => runner.waitingTurn(),
      // Containers say goodbye through it.
      stop: async () => {
        await runner.stop();
        await close();
      },
    };
  };
}

/** Evaluates the manifest that the state machine's task RunJob would submit, for a job that does not exist. */
async function jobManifest(definition: string): Promise<unknown> {
  const jobId = `check-${randomUUID().slice(0, 8)}`;
  const limits = { maxAttempts: 1, timeoutSeconds: 10, queueSeconds: 60, resources: {} };
  const { Job } = z
    .object({ Job: z.unknown() })
    .parse(await taskArguments(definition, 'RunJob', { jobId, execution: '', ...limits }));
  return Job;
}
