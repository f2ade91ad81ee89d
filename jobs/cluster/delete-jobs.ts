import * as z from 'zod';
import { ApiServer } from '../../k8s/api-server.ts';
import type { ClusterConnection } from '../../k8s/connection.ts';
import { jobIdLabel } from '../../k8s/labels.ts';
import type { JobCluster } from '../ports.ts';

/** A job has one Kubernetes Job for each try, and new tries only when it is redriven: a page is enough. */
const pageSize = 100;
const maximumPages = 10;

const Job = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() }),
});

/** Deletes a job's Kubernetes Jobs, which the label finds, by name: the role may list and delete Jobs, not whole collections. */
export function deleterOfJobs(connection: ClusterConnection, namespace: string): JobCluster {
  const server = new ApiServer(connection);
  return {
    deleteJobs: async (jobId) => {
      const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
      const query = { labelSelector: `${jobIdLabel}=${jobId}`, limit: String(pageSize) };
      let pages = 0;
      for await (const items of server.pages(path, query, `the Jobs of job ${jobId}`)) {
        pages += 1;
        if (pages > maximumPages) {
          throw new Error(
            `job ${jobId} has more than ${pageSize * maximumPages} Kubernetes Jobs; some are left`,
          );
        }
        for (const { metadata } of z.array(Job).parse(items)) {
          // It is being deleted already, and may be waiting for its pods.
          if (metadata.deletionTimestamp !== undefined) continue;
          const { name, uid } = metadata;
          await server.delete({ apiVersion: 'batch/v1', kind: 'Job', name, namespace }, uid);
        }
      }
    },
  };
}
