import type { AttemptView, HistoryEntry, JobSummary, JobView } from '../../api/responses/job.ts';
import type { Stats } from '../../api/responses/service.ts';
import type { Paint, Render } from '../session.ts';
import { durationBetween, formatPairs, formatTime, printable, renderFields, renderTable } from './table.ts';

type Status = JobView['status'] | AttemptView['status'];

const colours: Record<Status, Parameters<Paint>[0]> = {
  QUEUED: 'yellow',
  RUNNING: 'cyan',
  SUCCEEDED: 'green',
  FAILED: 'red',
  CANCELLED: 'yellow',
  TIMED_OUT: 'red',
};

const paintStatus = (status: Status, paint: Paint): string => paint(colours[status], status);

/** Renders one job: its fields, then a table of its attempts. */
export const renderJob: Render<JobView> = (job, paint) => {
  const { progress, attempts } = job;
  const fields = renderFields([
    ['Job', job.jobId],
    ['Status', paintStatus(job.status, paint)],
    ['Waits', job.waitingReason ? `${job.waitingReason.reason}: ${job.waitingReason.message}` : ''],
    ['Error', job.error ? formatError(job.error) : ''],
    ['Progress', progress && job.finishedAt === undefined ? formatProgress(progress) : ''],
    ['Owner', printable(job.owner)],
    ['Schedule', job.scheduleId ?? ''],
    ['Scheduled', formatTime(job.scheduledAt)],
    ['Retry of', job.retryOf ?? ''],
    ['Labels', printable(formatPairs(job.labels ?? {}))],
    ['Resources', printable(formatPairs(job.resources ?? {}))],
    ['Created', formatTime(job.createdAt)],
    ['Started', formatTime(job.startedAt)],
    ['Finished', formatTime(job.finishedAt)],
    ['Queued for', durationBetween(job.createdAt, job.startedAt ?? job.finishedAt)],
    ['Ran for', durationBetween(job.startedAt, job.finishedAt)],
    ['Limits', formatLimits(job)],
    ['Input', formatJson(job.input)],
    ['Result', formatJson(job.result)],
  ]);
  if (attempts.length === 0) return fields;
  const rows = attempts.map(({ attempt, status, startedAt, finishedAt, records, error }) => [
    String(attempt),
    paintStatus(status, paint),
    formatTime(startedAt),
    durationBetween(startedAt, finishedAt),
    records === undefined ? '' : String(records),
    error ? formatError(error) : '',
  ]);
  return `${fields}\n${renderTable(['ATTEMPT', 'STATUS', 'STARTED', 'RAN FOR', 'RECORDS', 'ERROR'], rows)}`;
};

/** Renders jobs, one per line. */
export const renderJobs: Render<readonly JobSummary[]> = (jobs, paint, width) =>
  renderTable(
    ['JOB', 'STATUS', 'CREATED', 'QUEUED FOR', 'RAN FOR', 'ORIGIN', 'RETRY OF', 'LABELS'],
    jobs.map(({ jobId, status, createdAt, startedAt, finishedAt, origin, retryOf, labels }) => [
      jobId,
      paintStatus(status, paint),
      formatTime(createdAt),
      durationBetween(createdAt, startedAt ?? finishedAt),
      durationBetween(startedAt, finishedAt),
      origin,
      retryOf ?? '',
      formatPairs(labels ?? {}),
    ]),
    width,
  );

/** Renders the events of a job's execution, one per line. */
export const renderHistory: Render<readonly HistoryEntry[]> = (events, _paint, width) =>
  renderTable(
    ['AT', 'EVENT', 'STATE', 'ATTEMPT', 'ERROR'],
    events.map(({ at, type, state, attempt, error, cause }) => [
      at,
      type,
      state ?? '',
      attempt === undefined ? '' : String(attempt),
      printable([error, cause].filter((part) => part !== undefined && part !== '').join(': ')),
    ]),
    width,
  );

/** Renders the counters under the API's own names. */
export const renderStats: Render<Stats> = ({ succeedJob, jobRetry, failedJob, jobs }) =>
  renderFields([
    ['succeedJob', `${succeedJob} attempts succeeded`],
    ['jobRetry', `${jobRetry} attempts were retries`],
    ['failedJob', `${failedJob} attempts failed`],
    [
      'jobs',
      `${jobs.succeeded} succeeded, ${jobs.failed} failed, ${jobs.cancelled} cancelled, ${jobs.timedOut} timed out`,
    ],
  ]);

/** Formats the progress of an attempt. */
export const formatProgress = ({ done, total }: NonNullable<JobView['progress']>): string =>
  total === undefined ? `${done} records` : `${done} of ${total} records`;

/** Formats the limits of a job, or of a schedule's jobs. */
export const formatLimits = ({
  maxAttempts,
  timeoutSeconds,
}: Pick<JobView, 'maxAttempts' | 'timeoutSeconds'>): string =>
  `${maxAttempts} ${maxAttempts === 1 ? 'attempt' : 'attempts'} of ${timeoutSeconds}s`;

const formatError = ({ code, message }: NonNullable<JobView['error']>): string =>
  printable(`${code}: ${message}`);

/** Formats a value as JSON in one line; empty if it is absent. */
export const formatJson = (value: unknown): string =>
  value === undefined ? '' : printable(JSON.stringify(value));
