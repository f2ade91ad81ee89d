import * as z from 'zod';
import { ApiServer } from '../../k8s/api-server.ts';
import type { ClusterConnection } from '../../k8s/connection.ts';
import { jobIdLabel, queueLabel } from '../../k8s/labels.ts';
import type { WaitingJobs } from '../ports.ts';
import type { WaitingReason } from '../record.ts';

/** Pods are some kilobytes each; with more than ten thousand that wait, the others get no reason. */
const pageSize = 500;
const maximumPages = 20;

const Metadata = z.object({
  labels: z.record(z.string(), z.string()).default({}),
  deletionTimestamp: z.string().optional(),
});

const Pod = z.object({
  metadata: Metadata,
  status: z
    .object({
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      containerStatuses: z
        .array(
          z.object({
            state: z.object({ waiting: z.object({ reason: z.string().default('') }).optional() }).default({}),
          }),
        )
        .default([]),
    })
    .default({ conditions: [], containerStatuses: [] }),
});

const Job = z.object({
  metadata: Metadata,
  spec: z.object({ suspend: z.boolean().default(false) }).default({ suspend: false }),
});

/** Reads from the pods and Jobs of the namespace what jobs wait for; each call lists them once. */
export function readerOfWaitingJobs(
  connection: ClusterConnection,
  namespace: string,
): () => Promise<WaitingJobs> {
  const server = new ApiServer(connection);

  async function list<Item>(
    schema: z.ZodType<Item>,
    path: string,
    query: Record<string, string>,
  ): Promise<Item[]> {
    const items: Item[] = [];
    let pages = 0;
    const search = { ...query, limit: String(pageSize) };
    for await (const page of server.pages(path, search, 'what jobs wait for')) {
      items.push(...z.array(schema).parse(page));
      pages += 1;
      if (pages === maximumPages) break;
    }
    return items;
  }

  return async () => {
    const jobs = await list(Job, `/apis/batch/v1/namespaces/${namespace}/jobs`, {
      labelSelector: `${jobIdLabel},${queueLabel}`,
      fieldSelector: 'status.successful=0',
    });
    const pods = await list(Pod, `/api/v1/namespaces/${namespace}/pods`, {
      labelSelector: jobIdLabel,
      fieldSelector: 'status.phase=Pending',
    });
    return new Map([
      ...jobs.filter(({ spec }) => spec.suspend).flatMap(({ metadata }) => entryOf(metadata, 'LimitReached')),
      ...pods.flatMap((pod) => entryOf(pod.metadata, waitingReasonOf(pod))),
    ]);
  };
}

/** Pairs a job's id with its reason. What is not a job's, or is being deleted, has none. */
function entryOf(
  { labels, deletionTimestamp }: z.output<typeof Metadata>,
  reason: WaitingReason,
): [jobId: string, reason: WaitingReason][] {
  const jobId = labels[jobIdLabel];
  return jobId === undefined || deletionTimestamp !== undefined ? [] : [[jobId, reason]];
}

/** Finds out why a pending pod does not run. The kubelet's reasons are in its package images/types.go. */
function waitingReasonOf({ status: { conditions, containerStatuses } }: z.output<typeof Pod>): WaitingReason {
  if (!conditions.some(({ type, status }) => type === 'PodScheduled' && status === 'True')) return 'NoNode';
  const reasons = containerStatuses.map(({ state }) => state.waiting?.reason ?? '');
  if (reasons.some((reason) => /^(Err)?Image|^InvalidImageName|^RegistryUnavailable/.test(reason))) {
    return 'ImagePull';
  }
  if (reasons.some((reason) => /^(Create|Run)Container/.test(reason))) return 'ContainerRefused';
  return 'Starting';
}
