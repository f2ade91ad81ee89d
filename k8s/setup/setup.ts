import type { Cluster, EKSClient } from '@aws-sdk/client-eks';
import { ApiServer } from '../api-server.ts';
import { applyManifests } from '../apply.ts';
import { ClusterFailure } from '../failure.ts';
import { readInventory } from '../inventory.ts';
import { deleteManifests, type Report } from '../remove.ts';
import { EksConnection, type EksCluster } from '../eks-connection.ts';
import { onceLetIn, type Patience } from './access.ts';
import { addressOf, ensureUsable, findCluster, unlessEmpty } from '../describe.ts';
import { endJobs } from './end-jobs.ts';
import { claim, ownerOf } from './owner.ts';
import type { Wanted } from './properties.ts';
import type { Place } from './resource-id.ts';

/** How long nodes' classes and pools may take to be ready, or to be gone together with their nodes, in seconds. */
const waitSeconds = 240;

export interface Setting extends Patience {
  client: EKSClient;
  /** Which stack asks. */
  stack: string;
  report: Report;
}

/** A cluster that may be changed: it is what it must be, lets us in, and its namespace is free or the stack's. */
export interface OpenCluster {
  address: EksCluster;
  server: ApiServer;
}

const connect = (name: string, cluster: Cluster, { client, signal }: Setting): OpenCluster => {
  const address = addressOf(name, cluster);
  return { address, server: new ApiServer(new EksConnection(address, client.config), { signal }) };
};

/**
 * Looks whether the set can be applied. Nothing is changed.
 * @throws ClusterFailure saying what is in the way.
 */
export async function open({ clusterName, set }: Wanted, setting: Setting): Promise<OpenCluster> {
  const cluster = await findCluster(setting.client, clusterName, setting.signal);
  ensureUsable(clusterName, cluster);
  const { address, server } = connect(clusterName, cluster, setting);
  const owner = await onceLetIn(clusterName, () => ownerOf(server, set.namespace), setting);
  if (owner !== undefined && owner !== setting.stack) {
    throw new ClusterFailure(
      `namespace ${set.namespace} belongs to ${owner}. Choose another; if that stack is gone, take the annotation eks-jobs/stack from the namespace`,
    );
  }
  return { address, server };
}

/** Applies the set, which changes nothing where it is applied already. @throws ClusterFailure as applyManifests does. */
export async function setUp(
  { server }: OpenCluster,
  { clusterName, set }: Wanted,
  setting: Setting,
): Promise<void> {
  const { report, stack } = setting;
  await onceLetIn(
    clusterName,
    async () => {
      await applyManifests(server, set, { waitSeconds, report });
      await claim(server, set.namespace, stack);
    },
    setting,
  );
}

/**
 * Takes back what was applied for that namespace, with the jobs that are under way; a cluster that is gone took it along.
 * @returns what of others' keeps the namespace.
 * @throws ClusterFailure when the cluster is there and does not let us in, or something takes too long to go.
 */
export async function tearDown({ clusterName, namespace }: Place, setting: Setting): Promise<string[]> {
  const cluster = unlessEmpty(await findCluster(setting.client, clusterName, setting.signal));
  if (cluster === undefined) return [];
  const { server } = connect(clusterName, cluster, setting);
  return await onceLetIn(
    clusterName,
    async () => {
      const owner = await ownerOf(server, namespace);
      if (owner !== undefined && owner !== setting.stack) return [];
      const applied = await readInventory(server, namespace);
      if (applied.size === 0) return [];
      await endJobs(server, namespace);
      return await deleteManifests(server, namespace, { waitSeconds, report: setting.report });
    },
    setting,
  );
}
