import * as z from 'zod';
import type { WaitingView } from '../api/responses/job.ts';
import { jobKey } from './protocol.ts';
import type { JobStore, OpenJob } from './aws/job-store.ts';

export const WaitingReason = z.enum(['LimitReached', 'NoNode', 'Starting', 'ImagePull', 'ContainerRefused']);
export type WaitingReason = z.infer<typeof WaitingReason>;

/** Why a job has not begun, in our own words: those of a cluster name its nodes and registries. */
const messages: Record<WaitingReason, string> = {
  LimitReached: 'As many jobs run as may run at once; this one waits for its turn.',
  NoNode: 'No node has room for the job yet: one is on its way, or the limit on nodes is reached.',
  Starting: 'The job has a node, which fetches the image and makes the container.',
  ImagePull: "The node cannot fetch the job's image; Kubernetes tries again.",
  ContainerRefused: "The node cannot make the job's container; Kubernetes tries again.",
};

/** What a queued job waits for, as users see it. */
export const waitingView = (reason: WaitingReason): WaitingView => ({ reason, message: messages[reason] });

/** What jobs wait for, by their ids; one that waits for nothing we know of is absent. */
export type WaitingJobs = ReadonlyMap<string, WaitingReason>;

/** The most items one sweep writes; those of the jobs that wait longest come first. */
const mostWritten = 1000;
const atOnce = 25;

interface Dependencies {
  store: Pick<JobStore, 'write'>;
  waiting: () => Promise<WaitingJobs>;
}

/**
 * Writes to queued jobs what they wait for, where that has changed: aside from the accounting, since neither the fence nor
 * anything else that decisions are made from is touched, and only while the job is this execution's and still queued.
 * @param open jobs as the index has them; where none is queued nobody is asked.
 * @returns how many were written.
 */
export async function recordWaiting(
  open: readonly OpenJob[],
  { store, waiting }: Dependencies,
): Promise<number> {
  const queued = open.filter(({ status }) => status === 'QUEUED');
  if (queued.length === 0) return 0;
  const reasons = await waiting();
  const changed = queued
    .filter(({ jobId, waitingReason }) => reasons.get(jobId) !== waitingReason)
    .sort((left, right) => Date.parse(left.createdAt) - Date.parse(right.createdAt))
    .slice(0, mostWritten);
  let written = 0;
  while (changed.length > 0) {
    const done = await Promise.all(
      changed.splice(0, atOnce).map(({ jobId, execution }) => {
        const reason = reasons.get(jobId);
        const change =
          reason === undefined ? { remove: ['waitingReason'] } : { set: { waitingReason: reason } };
        return store.write([{ update: jobKey(jobId), if: { execution, status: 'QUEUED' }, ...change }]);
      }),
    );
    written += done.filter(Boolean).length;
  }
  return written;
}
