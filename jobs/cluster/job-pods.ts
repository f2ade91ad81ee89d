import * as z from 'zod';
import { ApiServer } from '../../k8s/api-server.ts';
import type { ClusterConnection } from '../../k8s/connection.ts';
import { jobIdLabel } from '../../k8s/labels.ts';
import type { JobPods, TerminatingPod } from '../ports.ts';

/** Pods that have a node: their number is limited by the nodes. */
const pageSize = 500;
const maximumPages = 40;

/** Requests the metadata only: the rest of a pod is several kilobytes. */
const metadataOnly = { Accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' };

const Pod = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
  }),
});

/** Lists and releases the pods of jobs in one namespace. */
export function podsOfJobs(connection: ClusterConnection, namespace: string): JobPods {
  const server = new ApiServer(connection);
  return {
    listTerminating: async () => {
      const query = {
        labelSelector: jobIdLabel,
        // Kubernetes itself removes pods without a node. Failed ones are listed: a release may have been interrupted.
        fieldSelector: 'spec.nodeName!=,status.phase!=Succeeded',
        limit: String(pageSize),
      };
      const path = `/api/v1/namespaces/${namespace}/pods`;
      const terminating: TerminatingPod[] = [];
      let pages = 0;
      for await (const page of server.pages(path, query, 'the pods of jobs', metadataOnly)) {
        terminating.push(...z.array(Pod).parse(page).flatMap(terminatingPodOf));
        pages += 1;
        if (pages === maximumPages) break;
      }
      return terminating;
    },

    // In the form of Kubernetes' pod garbage collector, which does this for the pods of deleted nodes
    // (markFailedAndDeletePodWithCondition in pkg/controller/podgc): the Job controller replaces a pod only once its phase is
    // Failed, and the condition makes podFailurePolicy ignore the failure.
    release: async ({ name, uid, version }) => {
      const pod = { apiVersion: 'v1', kind: 'Pod', name, namespace };
      const patched = await server.patchStatus(pod, {
        // A pod that has changed since it was listed is left as it is: its kubelet may have come back.
        metadata: { uid, resourceVersion: version },
        status: {
          phase: 'Failed',
          conditions: [
            {
              type: 'DisruptionTarget',
              status: 'True',
              reason: 'ReleasedByEksJobs',
              message: 'eks-jobs: the node did not confirm the end of this pod, and its job has no heartbeat',
              lastTransitionTime: new Date().toISOString(),
            },
          ],
        },
      });
      if (!patched) return false;
      await server.delete(pod, uid, { gracePeriodSeconds: 0 });
      return true;
    },
  };
}

function terminatingPodOf({ metadata }: z.output<typeof Pod>): TerminatingPod[] {
  const { name, uid, resourceVersion: version, labels, deletionTimestamp } = metadata;
  const jobId = labels[jobIdLabel];
  if (jobId === undefined || deletionTimestamp === undefined) return [];
  return [{ name, uid, version, jobId, deletionDeadline: deletionTimestamp }];
}
