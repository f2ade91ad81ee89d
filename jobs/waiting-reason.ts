import type { JobStore, OpenJob, WaitingJobs } from './ports.ts';
import { jobKey } from './protocol.ts';
import type { WaitingReason } from './record.ts';

/** Why a job has not started, in messages of our own: the cluster's name its nodes and registries. */
export const waitingMessages: Record<WaitingReason, string> = {
  LimitReached: 'The maximum number of jobs is running; this job waits for its turn.',
  NoNode: 'No node has room for the job: a node is on its way, or the limit on nodes is reached.',
  Starting: 'The job has a node, which pulls the image and creates the container.',
  ImagePull: "The node cannot pull the job's image; Kubernetes tries again.",
  ContainerRefused: "The node cannot create the job's container; Kubernetes tries again.",
};

/** The maximum of items that one sweep writes; the jobs that wait longest come first. */
const maximumWrites = 1000;
const concurrentWrites = 25;

interface Dependencies {
  store: Pick<JobStore, 'write'>;
  waiting: () => Promise<WaitingJobs>;
}

/**
 * Updates `waitingReason` of queued jobs where it has changed. This is outside the accounting protocol: the condition of the
 * write is that the job is QUEUED and belongs to the same execution, and no decision reads the attribute.
 * @param open the jobs in the index; if none is queued, `waiting` is not called.
 * @returns how many were written.
 */
export async function recordWaitingReasons(
  open: readonly OpenJob[],
  { store, waiting }: Dependencies,
): Promise<number> {
  const queued = open.filter(({ status }) => status === 'QUEUED');
  if (queued.length === 0) return 0;
  const reasons = await waiting();
  const changed = queued
    .filter(({ jobId, waitingReason }) => reasons.get(jobId) !== waitingReason)
    .sort((left, right) => Date.parse(left.createdAt) - Date.parse(right.createdAt))
    .slice(0, maximumWrites);
  let written = 0;
  while (changed.length > 0) {
    const done = await Promise.all(
      changed.splice(0, concurrentWrites).map(({ jobId, execution }) => {
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
