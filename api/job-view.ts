import type { AttemptView, HistoryEntry, JobLogs, JobView, OptionsView } from './responses/job.ts';
import { parseExactly } from '../lib/exact-json.ts';
import { type ExecutionEvent, type JobExecution, statusOfUnrecorded } from '../jobs/execution.ts';
import { scheduleOriginOf } from '../jobs/ids.ts';
import { type JobOptions, optionsOf } from '../jobs/options.ts';
import { limits } from '../jobs/protocol.ts';
import type { AttemptItem, JobRecord } from '../jobs/record.ts';
import { currentWaitingReason, waitingMessages } from '../jobs/waiting-reason.ts';

/**
 * Shows a job that is in the table.
 * @param now epoch milliseconds: the age of its last heartbeat shows whether it runs.
 */
export function viewOfRecord(record: JobRecord, now: number): JobView {
  const { job, attempts, input, result } = record;
  const reason = currentWaitingReason(record, now);
  return {
    jobId: job.jobId,
    status: job.status,
    ...(reason && { waitingReason: { reason, message: waitingMessages[reason] } }),
    owner: job.owner,
    origin: job.origin,
    ...(job.origin === 'schedule' && scheduleOriginOf(job.jobId)),
    ...(job.retryOf !== '' && { retryOf: job.retryOf }),
    ...viewOfOptions(job),
    ...(input !== undefined && { input: parseExactly(input) }),
    ...(job.progress && { progress: job.progress }),
    ...(result !== undefined && { result: parseExactly(result) }),
    ...(job.error && { error: job.error }),
    attempts: attempts.map(viewOfAttempt),
    createdAt: job.createdAt,
    ...(job.startedAt && { startedAt: job.startedAt }),
    ...(job.finishedAt && { finishedAt: job.finishedAt }),
  };
}

/** Shows the options of a job or of a schedule's jobs, without empty maps. */
export function viewOfOptions(job: JobOptions): OptionsView {
  const { labels, resources, ...rest } = optionsOf(job);
  return {
    ...rest,
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(Object.keys(resources).length > 0 && { resources }),
  };
}

function viewOfAttempt({
  attempt,
  status,
  startedAt,
  finishedAt,
  records,
  error,
  log,
}: AttemptItem): AttemptView {
  return {
    attempt,
    status,
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
    ...(records !== undefined && { records }),
    ...(error && { error }),
    log: log ?? [],
  };
}

/** Shows a job between its 202 and Register: it exists only as an execution. */
export function viewOfExecution({ input, status, startedAt, stoppedAt }: JobExecution): JobView {
  return {
    jobId: input.jobId,
    status: statusOfUnrecorded({ status }),
    owner: input.owner,
    origin: input.origin,
    ...(input.origin === 'schedule' && scheduleOriginOf(input.jobId)),
    ...(input.retryOf !== undefined && { retryOf: input.retryOf }),
    ...viewOfOptions(input),
    input: parseExactly(input.input),
    attempts: [],
    createdAt: startedAt,
    ...(status !== 'RUNNING' && stoppedAt !== undefined && { finishedAt: stoppedAt }),
  };
}

/**
 * Shows the logs of a job: the last lines of each attempt, and where all lines are.
 * @param logGroup the log group of the cluster's containers; empty or absent if it is not known.
 */
export function logsOf(jobId: string, attempts: readonly AttemptItem[], logGroup?: string): JobLogs {
  return {
    jobId,
    attempts: attempts.map(({ attempt, status, log }) => ({ attempt, status, lines: log ?? [] })),
    ...(logGroup && {
      full: {
        logGroup,
        // A pod's name begins with that of its Kubernetes Job: the job's id, the redrive and the try.
        query: `fields @timestamp, log | filter kubernetes.pod_name like /^${jobId}-\\d+-\\d+-/ | sort @timestamp asc`,
      },
    }),
  };
}

/**
 * Shows the history of an execution: each event with its state and try. Inputs and outputs are left out: GET /jobs/{jobId}
 * shows what of them belongs to the job.
 * @param events in the order of their ids.
 */
export function historyOf(events: readonly ExecutionEvent[]): HistoryEntry[] {
  let state: string | undefined;
  let attempt = -1;
  return events.map(({ at, type, name, resourceType, attempt: ofTry, error, cause }) => {
    if (type.endsWith('StateEntered')) state = name;
    if (type.startsWith('Execution')) state = undefined;
    if (type === 'TaskScheduled' && resourceType === 'eks') attempt = ofTry ?? attempt + 1;
    return {
      at,
      type,
      ...(state !== undefined && { state }),
      ...(state === 'RunJob' && attempt >= 0 && resourceType === 'eks' && { attempt }),
      ...(error !== undefined && { error }),
      ...(cause !== undefined && { cause: cause.slice(0, limits.errorMessageBytes) }),
    };
  });
}
