import { randomUUID } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { buildDataProcessor } from '../image/cargo.ts';
import { type Endpoints, jobEnvironment, podEnvironment } from './environment.ts';
import type { ServiceOptions } from './options.ts';
import { type JobRunner, taskArguments } from './aws/step-functions/index.ts';
import { ProcessRunner } from './runners/process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Opens the job runner; the table must exist. @throws UserError or ClusterFailure when jobs could not run. */
type OpenRunner = (service: string, definition: string) => Promise<JobRunner>;

/**
 * Prepares what runs the jobs: builds the program, or connects to the cluster that the user named.
 * @throws UserError or ClusterFailure when that fails.
 */
export async function prepareRunner(
  options: ServiceOptions,
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
  { context, kubeconfig, namespace, advertise }: NonNullable<ServiceOptions['cluster']>,
  tablePort: number,
  signal: AbortSignal,
): Promise<OpenRunner> {
  // Loaded only here: the Kubernetes client takes a third of a second to load.
  const { openApiServer, ensurePermissions, forward, KubernetesRunner, probe } =
    await import('./runners/kubernetes/index.ts');
  const { loadContext } = await import('../k8s/context.ts');
  const api = openApiServer(loadContext(context, kubeconfig));
  await ensurePermissions(api, context, namespace);
  const tableUrl = `http://${isIPv6(advertise) ? `[${advertise}]` : advertise}:${tablePort}`;
  const environment = podEnvironment(tableUrl);
  return async (service, definition) => {
    const close = await forward(advertise, tablePort, tablePort);
    console.error(
      `eks-jobs: The table at ${tableUrl} has no authentication: anyone who can reach that address can read and write it.`,
    );
    try {
      console.error(
        `eks-jobs: checking with a pod in ${context} (${api.connection.server}) that jobs can run`,
      );
      const target = { context, namespace, environment, tableUrl };
      await probe(api, await probeManifest(definition), target, signal);
    } catch (error) {
      await close();
      throw error;
    }
    const runner = new KubernetesRunner(api, service, environment);
    return {
      start: (job, jobOptions) => runner.start(job, jobOptions),
      waitingTurn: () => runner.waitingTurn(),
      // In this order: containers record in the table that they were interrupted.
      stop: async () => {
        await runner.stop();
        await close();
      },
    };
  };
}

/** Evaluates the manifest that the state machine's task RunJob would submit, for a job that does not exist. */
async function probeManifest(definition: string): Promise<unknown> {
  const jobId = `check-${randomUUID().slice(0, 8)}`;
  const limits = { maxAttempts: 1, timeoutSeconds: 10, queueSeconds: 60, resources: {} };
  const { Job } = z.object({ Job: z.unknown() }).parse(
    await taskArguments(definition, 'RunJob', {
      jobId,
      execution: '',
      tried: 0,
      unsubmitted: 0,
      ...limits,
    }),
  );
  return Job;
}
