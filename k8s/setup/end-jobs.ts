import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import type { ApiServer } from '../api-server.ts';

/** Every Job and pod of ours has it, nobody else's does. */
const labelSelector = 'eks-jobs/job-id';

/** A pod has 30 s to end; this long its end is waited for, in milliseconds. */
const patience = 90_000;

const Pods = z.object({ items: z.array(z.unknown()).nullable() });

/**
 * Ends every job of the namespace and waits for their pods, bounded: a pod that is left would keep its node, and finished Jobs would
 * keep the namespace for half an hour. Nobody is left to settle them: the state machine goes with the same stack.
 */
export async function endJobs(server: ApiServer, namespace: string): Promise<void> {
  const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  await server.deleteCollection(jobs, labelSelector, `the Jobs in ${namespace}`);
  const pods = `/api/v1/namespaces/${namespace}/pods?limit=1&labelSelector=${encodeURIComponent(labelSelector)}`;
  const deadline = performance.now() + patience;
  while (performance.now() < deadline) {
    const { items } = Pods.parse(await server.get(pods, `the pods in ${namespace}`));
    if (items === null || items.length === 0) return;
    await pause(1000);
  }
}
