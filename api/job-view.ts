import type { AttemptView, JobView, OptionsView } from './responses/job.ts';
import { parseExactly } from '../lib/exact-json.ts';
import type { Execution } from '../jobs/aws/executions.ts';
import { type JobOptions, optionsOf } from '../jobs/options.ts';
import type { JobStatus } from '../jobs/protocol.ts';
import type { AttemptItem, JobRecord } from '../jobs/record.ts';
import { originOf } from '../jobs/schedules/id.ts';
import { waitingView } from '../jobs/waiting-reason.ts';

/** The job that the table holds. */
export function viewOfRecord({ job, attempts, input, result }: JobRecord): JobView {
  return {
    jobId: job.jobId,
    status: job.status,
    ...(job.status === 'QUEUED' && job.waitingReason && { waitingReason: waitingView(job.waitingReason) }),
    owner: job.owner,
    origin: job.origin,
    ...(job.origin === 'schedule' && originOf(job.jobId)),
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

const unrecordedStatuses: Record<Execution['status'], JobStatus> = {
  RUNNING: 'QUEUED',
  PENDING_REDRIVE: 'QUEUED',
  SUCCEEDED: 'QUEUED',
  FAILED: 'FAILED',
  TIMED_OUT: 'TIMED_OUT',
  ABORTED: 'CANCELLED',
};

/** How a job stands that is only an execution yet. */
export const statusOfUnrecorded = ({ status }: Pick<Execution, 'status'>): JobStatus =>
  unrecordedStatuses[status];

/** A job between its 202 and Register: it exists only as an execution. */
export function viewOfExecution({
  input,
  status,
  startedAt,
  stoppedAt,
}: Execution & Required<Pick<Execution, 'input'>>): JobView {
  return {
    jobId: input.jobId,
    status: statusOfUnrecorded({ status }),
    owner: input.owner,
    origin: input.origin,
    ...(input.origin === 'schedule' && originOf(input.jobId)),
    ...(input.retryOf !== undefined && { retryOf: input.retryOf }),
    ...viewOfOptions(input),
    input: parseExactly(input.input),
    attempts: [],
    createdAt: startedAt,
    ...(status !== 'RUNNING' && stoppedAt !== undefined && { finishedAt: stoppedAt }),
  };
}
