import { readSettings, type Settings } from '../jobs/settings.ts';
import type { JobCluster } from '../jobs/settle.ts';

/** The runner that starts processes also ends them: nothing is left to delete. */
const withoutCluster: JobCluster = { deleteJobs: () => Promise.resolve() };

/**
 * The cluster in which settle deletes a job's Kubernetes Jobs: the one that the settings name, if they name one.
 * Its client is loaded when it is first needed: only the functions that settle jobs hold it, and few of their calls wait for it.
 */
export function openCluster(settings: Settings = readSettings()): JobCluster {
  const { JOB_NAMESPACE: namespace, KUBE_CONTEXT: context, CLUSTER_NAME: name } = settings;
  if (namespace === undefined || (context ?? name) === undefined) return withoutCluster;
  let opened: Promise<JobCluster> | undefined;
  return {
    deleteJobs: async (jobId) => {
      opened ??= open(settings, namespace);
      try {
        await (await opened).deleteJobs(jobId);
      } catch (error) {
        // Whatever was wrong with it, the next call begins anew.
        opened = undefined;
        throw error;
      }
    },
  };
}

async function open(settings: Settings, namespace: string): Promise<JobCluster> {
  const { connect, deleterOfJobs } = await import('./cluster/index.ts');
  return deleterOfJobs(connect(settings), namespace);
}
