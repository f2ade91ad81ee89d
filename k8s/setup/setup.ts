import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster, EKSClient } from '@aws-sdk/client-eks';
import * as z from 'zod';
import { ApiServer } from '../api-server.ts';
import { applyManifests } from '../apply.ts';
import { addressOf, ensureUsable, findCluster, mayHoldObjects } from '../eks-cluster.ts';
import { EksConnection, type EksAddress } from '../eks-connection.ts';
import { ClusterFailure } from '../failure.ts';
import { readInventory } from '../inventory.ts';
import { jobIdLabel } from '../labels.ts';
import { deleteManifests, type Report } from '../remove.ts';
import { onceAuthorized, type AccessWait } from './access.ts';
import { claim, namespaceOwnerOf } from './owner.ts';
import type { DesiredState, SetupTarget } from './properties.ts';

/** How long node classes and pools may take to be ready, or to be gone together with their nodes, in seconds. */
const waitSeconds = 240;

/** How long to wait for the end of pods, in milliseconds: each has 30 s to end. */
const podsEndWithin = 90_000;

/** The environment of one request: the client of EKS, the stack that the request comes from, and how long to wait. */
export interface SetupContext extends AccessWait {
  client: EKSClient;
  stack: string;
  report: Report;
}

/** A cluster that the stack may change: it can run jobs, it authorizes us, and its namespace is free or the stack's. */
export interface OpenCluster {
  address: EksAddress;
  server: ApiServer;
}

const connect = (name: string, cluster: Cluster, { client, signal }: SetupContext): OpenCluster => {
  const address = addressOf(name, cluster);
  return { address, server: new ApiServer(new EksConnection(address, client.config), { signal }) };
};

/**
 * Checks that the set can be applied. Nothing is changed.
 * @throws ClusterFailure naming what prevents it.
 */
export async function connectToCluster(
  { clusterName, set }: DesiredState,
  context: SetupContext,
): Promise<OpenCluster> {
  const cluster = await findCluster(context.client, clusterName, context.signal);
  ensureUsable(clusterName, cluster);
  const { address, server } = connect(clusterName, cluster, context);
  const owner = await onceAuthorized(clusterName, () => namespaceOwnerOf(server, set.namespace), context);
  if (owner !== undefined && owner !== context.stack) {
    throw new ClusterFailure(
      `namespace ${set.namespace} belongs to ${owner}. Choose another; if that stack is gone, remove the annotation eks-jobs/stack from the namespace`,
    );
  }
  return { address, server };
}

/**
 * Applies the set; one that is applied already changes nothing.
 * @throws ClusterFailure as applyManifests does.
 */
export async function setUp(
  { server }: OpenCluster,
  { clusterName, set }: DesiredState,
  context: SetupContext,
): Promise<void> {
  const { report, stack } = context;
  // EKS may say that a cluster is ACTIVE before it serves the kinds of Auto Mode.
  const kindsMayCome = set.objects.some(({ apiVersion }) => apiVersion.startsWith('eks.amazonaws.com/'));
  await onceAuthorized(
    clusterName,
    async () => {
      await applyManifests(server, set, { waitSeconds, report });
      await claim(server, set.namespace, stack);
    },
    { ...context, kindsMayCome },
  );
}

/**
 * Removes what was applied for a namespace, and its Jobs. A cluster that is gone took all of it along.
 * @param mayEndJobs whether jobs that are running may be ended; it is called only if there are some. If not, nothing is removed:
 * their nodes and their rights are part of what was applied.
 * @returns what is left and why; undefined when nothing is left.
 * @throws ClusterFailure when the cluster exists and does not authorize us, or something takes too long to be gone.
 */
export async function tearDown(
  { clusterName, namespace }: SetupTarget,
  context: SetupContext,
  mayEndJobs: () => Promise<boolean>,
): Promise<string | undefined> {
  const cluster = await findCluster(context.client, clusterName, context.signal);
  if (cluster === undefined || !mayHoldObjects(cluster)) return undefined;
  const { server } = connect(clusterName, cluster, context);
  return await onceAuthorized(
    clusterName,
    async () => {
      const owner = await namespaceOwnerOf(server, namespace);
      if (owner !== undefined && owner !== context.stack) return undefined;
      const applied = await readInventory(server, namespace);
      if (applied.size === 0) return undefined;
      const running = await deleteFinishedJobs(server, namespace);
      if (running > 0) {
        if (!(await mayEndJobs())) {
          return `namespace ${namespace} of cluster ${clusterName} stays with all that was applied. Running jobs: ${running}. When they have ended, npm run k8s:delete removes it`;
        }
        await server.deleteCollection(jobsPath(namespace), jobIdLabel, `the Jobs in ${namespace}`);
      }
      await waitForPods(server, namespace);
      const kept = await deleteManifests(server, namespace, { waitSeconds, report: context.report });
      return kept.length === 0 ? undefined : `namespace ${namespace} stays, it holds ${kept.join(', ')}`;
    },
    context,
  );
}

const jobsPath = (namespace: string): string => `/apis/batch/v1/namespaces/${namespace}/jobs`;

const Jobs = z.array(
  z.object({
    metadata: z.object({ name: z.string(), uid: z.string() }),
    status: z
      .object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) })
      .default({ conditions: [] }),
  }),
);

/** Deletes the Jobs that have ended: they would keep the namespace for half an hour. @returns how many have not ended. */
async function deleteFinishedJobs(server: ApiServer, namespace: string): Promise<number> {
  let running = 0;
  const query = { labelSelector: jobIdLabel, limit: '500' };
  for await (const page of server.pages(jobsPath(namespace), query, `the Jobs in ${namespace}`)) {
    for (const { metadata, status } of Jobs.parse(page)) {
      const hasEnded = status.conditions.some(
        (condition) => ['Complete', 'Failed'].includes(condition.type) && condition.status === 'True',
      );
      if (!hasEnded) running += 1;
      else
        await server.delete(
          { apiVersion: 'batch/v1', kind: 'Job', name: metadata.name, namespace },
          metadata.uid,
        );
    }
  }
  return running;
}

const Pods = z.object({ items: z.array(z.unknown()).nullable() });

/** Waits until the pods of deleted Jobs are gone, with a limit: a pod that is left would keep its node. */
async function waitForPods(server: ApiServer, namespace: string): Promise<void> {
  const pods = `/api/v1/namespaces/${namespace}/pods?limit=1&labelSelector=${encodeURIComponent(jobIdLabel)}`;
  const deadline = performance.now() + podsEndWithin;
  while (performance.now() < deadline) {
    const { items } = Pods.parse(await server.get(pods, `the pods in ${namespace}`));
    if (items === null || items.length === 0) return;
    await pause(1000);
  }
}
