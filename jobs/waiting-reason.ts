import type { JobStore, OpenJob, WaitingJobs } from './ports.ts';
import { jobKey } from './protocol.ts';
import type { JobRecord, WaitingReason } from './record.ts';
import type { Write } from './write.ts';

/** Why a job does not run, in messages of our own: the cluster's name its nodes and registries. */
export const waitingMessages: Record<WaitingReason, string> = {
  LimitReached: 'The maximum number of jobs is running; this job waits for its turn.',
  NoNode: 'No node has room for the job: a node is on its way, or the limit on nodes is reached.',
  Starting: 'The job has a node, which pulls the image and creates the container.',
  ImagePull: "The node cannot pull the job's image; Kubernetes tries again.",
  ContainerRefused: "The node cannot create the job's container; Kubernetes tries again.",
  Interrupted:
    'Its pod was evicted, or its node is being taken away. Kubernetes starts another pod, which continues the attempt: ' +
    'ten seconds later the first time, and after twice that delay each further time.',
  NoHeartbeat:
    'Its last heartbeat is more than a minute old: its container has ended, or its node does not respond. ' +
    'Another container continues the attempt, or the next attempt starts.',
};

/** In milliseconds. A running job without a heartbeat for this long does not work: heartbeats come every few seconds. */
const silentAfter = 60_000;

/** The maximum of items that one sweep writes; the jobs that wait longest come first. */
const maximumWrites = 1000;
const concurrentWrites = 25;

interface Dependencies {
  store: Pick<JobStore, 'write'>;
  waiting: () => Promise<WaitingJobs>;
  now: () => Date;
}

/**
 * Derives from the record why the job does not run.
 * @param now epoch milliseconds.
 * @returns undefined for a job that runs or has ended, and for a queued job without a known reason.
 */
export function currentWaitingReason({ job, attempts }: JobRecord, now: number): WaitingReason | undefined {
  if (job.status === 'QUEUED') return job.waitingReason;
  if (job.status !== 'RUNNING') return undefined;
  const attempt = attempts.find((each) => each.attempt === job.attempt && each.status === 'RUNNING');
  const isInterrupted = attempt?.interruptedAt !== undefined;
  if (!isInterrupted && !isSilent(job.beat, now)) return undefined;
  // What sweep recorded is older than the job's last heartbeat, unless it was recorded for that heartbeat.
  if (job.waitingReason !== undefined && job.waitingBeat === job.beat) return job.waitingReason;
  return isInterrupted ? 'Interrupted' : 'NoHeartbeat';
}

/**
 * Updates `waitingReason` of jobs that do not run: where it has changed for queued ones, and each time for running ones without a
 * heartbeat, because the index does not show for which heartbeat it was recorded. This is outside the accounting protocol: the
 * condition of the write is that the job is in that state and belongs to the same execution, and no decision reads the attributes.
 * @param open the jobs in the index; if none of them waits, `waiting` is not called.
 * @returns how many were written.
 */
export async function recordWaitingReasons(
  open: readonly OpenJob[],
  { store, waiting, now }: Dependencies,
): Promise<number> {
  const time = now().getTime();
  const stopped = open.filter(
    ({ status, beat }) => status === 'QUEUED' || (status === 'RUNNING' && isSilent(beat, time)),
  );
  if (stopped.length === 0) return 0;
  const reasons = await waiting();
  const writes = stopped
    .sort((left, right) => Date.parse(left.createdAt) - Date.parse(right.createdAt))
    .flatMap((job) => reasonWrite(job, reasons.get(job.jobId)))
    .slice(0, maximumWrites);
  let written = 0;
  while (writes.length > 0) {
    const batch = writes.splice(0, concurrentWrites).map((write) => store.write([write]));
    written += (await Promise.all(batch)).filter(Boolean).length;
  }
  return written;
}

/** Builds the write of a job's reason; none if the table has it already. */
function reasonWrite(job: OpenJob, reason: WaitingReason | undefined): Write[] {
  const { jobId, status, execution, beat } = job;
  if (reason === job.waitingReason && (status === 'QUEUED' || reason === undefined)) return [];
  const update = jobKey(jobId);
  const condition = { execution, status, ...(beat !== undefined && status === 'RUNNING' && { beat }) };
  if (reason === undefined) return [{ update, if: condition, remove: ['waitingReason'] }];
  const waitingBeat = status === 'RUNNING' && beat !== undefined ? { waitingBeat: beat } : {};
  return [{ update, if: condition, set: { waitingReason: reason, ...waitingBeat } }];
}

const isSilent = (beat: string | undefined, now: number): boolean =>
  beat !== undefined && now - Date.parse(beat) > silentAfter;
