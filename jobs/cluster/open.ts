import { readSettings, type Settings } from '../settings.ts';
import type { JobCluster, JobPods, WaitingJobs } from '../ports.ts';

/** The cluster of the jobs: deletes Kubernetes Jobs, reads what jobs wait for, and releases pods of lost nodes. */
export interface Cluster extends JobCluster {
  pods: JobPods;
  waitingJobs(): Promise<WaitingJobs>;
}

/** Does nothing: the runner that starts processes also ends them, and reports itself what waits. */
const withoutCluster: Cluster = {
  deleteJobs: () => Promise.resolve(),
  pods: { listTerminating: () => Promise.resolve([]), release: () => Promise.resolve(false) },
  waitingJobs: () => Promise.resolve(new Map()),
};

/**
 * Opens the cluster that the settings name, if they name one.
 * Its client is loaded when it is first needed: only the functions that settle jobs contain it, and few of their calls need it.
 */
export function openCluster(settings: Settings = readSettings()): Cluster {
  const { JOB_NAMESPACE: namespace, KUBE_CONTEXT: context, CLUSTER_NAME: name } = settings;
  if (namespace === undefined || (context ?? name) === undefined) return withoutCluster;
  let opened: Promise<Cluster> | undefined;
  const using = async <Value>(use: (cluster: Cluster) => Promise<Value>): Promise<Value> => {
    opened ??= open(settings, namespace);
    try {
      return await use(await opened);
    } catch (error) {
      // The next call opens it again: the failure may have passed.
      opened = undefined;
      throw error;
    }
  };
  return {
    deleteJobs: (jobId) => using((cluster) => cluster.deleteJobs(jobId)),
    pods: {
      listTerminating: () => using(({ pods }) => pods.listTerminating()),
      release: (pod) => using(({ pods }) => pods.release(pod)),
    },
    waitingJobs: () => using((cluster) => cluster.waitingJobs()),
  };
}

async function open(settings: Settings, namespace: string): Promise<Cluster> {
  const { connect, deleterOfJobs, podsOfJobs, readerOfWaitingJobs } = await import('./index.ts');
  const connection = connect(settings);
  return {
    ...deleterOfJobs(connection, namespace),
    pods: podsOfJobs(connection, namespace),
    waitingJobs: readerOfWaitingJobs(connection, namespace),
  };
}
