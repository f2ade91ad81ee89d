import * as z from 'zod';
import { ApiServer } from '../../k8s/api-server.ts';
import type { Connection } from '../../k8s/connection.ts';
import type { JobCluster } from '../ports.ts';

/** A job has one Kubernetes Job for each try, and tries anew only when somebody redrives it: a page is plenty. */
const page = 100;
const pagesAtMost = 10;

const Jobs = z.object({
  metadata: z.object({ continue: z.string().optional() }).default({}),
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() }),
    }),
  ),
});

/** Deletes by name what the label finds: its role may list and delete Jobs, not whole collections. */
export function deleterOfJobs(connection: Connection, namespace: string): JobCluster {
  const api = new ApiServer(connection);
  return {
    deleteJobs: async (jobId) => {
      for (let count = 0; count < pagesAtMost; count += 1) {
        const query = new URLSearchParams({ labelSelector: `eks-jobs/job-id=${jobId}`, limit: String(page) });
        const path = `/apis/batch/v1/namespaces/${namespace}/jobs?${query.toString()}`;
        const { items, metadata } = Jobs.parse(await api.get(path, `the Jobs of job ${jobId}`));
        for (const { name, uid, deletionTimestamp } of items.map((item) => item.metadata)) {
          // Whoever deletes it already may wait for its pods.
          if (deletionTimestamp !== undefined) continue;
          await api.delete({ apiVersion: 'batch/v1', kind: 'Job', name, namespace }, uid);
        }
        if (!metadata.continue) return;
      }
      throw new Error(`job ${jobId} has more than ${page * pagesAtMost} Kubernetes Jobs; some are left`);
    },
  };
}
