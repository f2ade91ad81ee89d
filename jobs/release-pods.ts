import { inRandomOrder } from '../lib/random-order.ts';
import type { JobPods, JobStore, TerminatingPod } from './ports.ts';
import type { JobItem } from './record.ts';

/** In milliseconds: how long after the end of its grace period a pod is still left to its kubelet. */
const releaseMargin = 60_000;
/** In milliseconds. The container of a job with a younger heartbeat is alive. */
const aliveWithin = 2 * 60_000;
/** The maximum of pods that one sweep examines; the next sweep examines others. */
const maximumExamined = 500;
const concurrentReleases = 25;

interface Dependencies {
  pods: JobPods;
  store: Pick<JobStore, 'readDecisive'>;
  now: () => Date;
  report: (message: string, problem: unknown) => void;
}

/**
 * Releases pods whose node is silent but still exists. The kubelet of such a node never confirms that a deleted pod has ended,
 * and a Job with `podReplacementPolicy: Failed` waits for that confirmation without a limit. After the release, Kubernetes
 * creates the replacement, and its container takes over the same attempt. A job whose heartbeat continues is left alone:
 * its node has lost Kubernetes, not the table. Failures are reported together and left to the next sweep.
 * @returns how many pods were released.
 */
export async function releaseLostPods(dependencies: Dependencies): Promise<number> {
  const { pods, now, report } = dependencies;
  const overdue = (await pods.listTerminating()).filter((pod) => isOverdue(pod, now()));
  // Pods of jobs that are alive must not hide the others from every sweep.
  const examined = inRandomOrder(overdue).slice(0, maximumExamined);
  const problems: unknown[] = [];
  let released = 0;
  while (examined.length > 0) {
    const batch = examined.splice(0, concurrentReleases).map((pod) => releaseIfLost(pod, dependencies));
    for (const outcome of await Promise.allSettled(batch)) {
      if (outcome.status === 'rejected') problems.push(outcome.reason);
      else if (outcome.value) released += 1;
    }
  }
  if (problems.length > 0) {
    report(
      `left ${problems.length} pods of lost nodes to the next sweep; the first problem follows`,
      problems[0],
    );
  }
  return released;
}

async function releaseIfLost(pod: TerminatingPod, { pods, store, now }: Dependencies): Promise<boolean> {
  const record = await store.readDecisive(pod.jobId, now().getTime());
  return record !== undefined && !isAlive(record.job, now()) && (await pods.release(pod));
}

const isOverdue = ({ deletionDeadline }: TerminatingPod, now: Date): boolean =>
  now.getTime() - Date.parse(deletionDeadline) > releaseMargin;

const isAlive = ({ beat }: JobItem, now: Date): boolean =>
  beat !== undefined && now.getTime() - Date.parse(beat) <= aliveWithin;
