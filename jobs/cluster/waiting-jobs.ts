import * as z from 'zod';
import { ApiServer } from '../../k8s/api-server.ts';
import type { Connection } from '../../k8s/connection.ts';
import type { WaitingJobs } from '../ports.ts';
import type { WaitingReason } from '../record.ts';

const jobIdLabel = 'eks-jobs/job-id';
/** Kueue, where it rules the cluster, suspends the Jobs with its label until their turn comes. */
const queueLabel = 'kueue.x-k8s.io/queue-name';

/** Pods are some kilobytes each; of more than ten thousand that wait the rest goes untold. */
const page = 500;
const pagesAtMost = 20;

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

const List = z.object({
  metadata: z.object({ continue: z.string().optional() }).default({}),
  items: z.array(z.unknown()),
});

/** Reads from pods and Jobs of the namespace, listed once, what jobs wait for. */
export function readerOfWaitingJobs(connection: Connection, namespace: string): () => Promise<WaitingJobs> {
  const api = new ApiServer(connection);

  async function list<Item>(shape: z.ZodType<Item>, path: string, query: object): Promise<Item[]> {
    const items: Item[] = [];
    let next = '';
    for (let count = 0; count < pagesAtMost; count += 1) {
      const asked = new URLSearchParams({ ...query, limit: String(page), ...(next && { continue: next }) });
      const answer = List.parse(await api.get(`${path}?${asked.toString()}`, 'what jobs wait for'));
      items.push(...z.array(shape).parse(answer.items));
      next = answer.metadata.continue ?? '';
      if (next === '') break;
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
      ...jobs.filter(({ spec }) => spec.suspend).flatMap(({ metadata }) => told(metadata, 'LimitReached')),
      ...pods.flatMap((pod) => told(pod.metadata, reasonOf(pod))),
    ]);
  };
}

function told(
  { labels, deletionTimestamp }: z.output<typeof Metadata>,
  reason: WaitingReason,
): [jobId: string, reason: WaitingReason][] {
  const jobId = labels[jobIdLabel];
  return jobId === undefined || deletionTimestamp !== undefined ? [] : [[jobId, reason]];
}

/** Why a pending pod does not run; the kubelet's words for it are in its package images/types.go. */
function reasonOf({ status: { conditions, containerStatuses } }: z.output<typeof Pod>): WaitingReason {
  if (!conditions.some(({ type, status }) => type === 'PodScheduled' && status === 'True')) return 'NoNode';
  const reasons = containerStatuses.map(({ state }) => state.waiting?.reason ?? '');
  if (reasons.some((reason) => /^(Err)?Image|^InvalidImageName|^RegistryUnavailable/.test(reason))) {
    return 'ImagePull';
  }
  if (reasons.some((reason) => /^(Create|Run)Container/.test(reason))) return 'ContainerRefused';
  return 'Starting';
}
