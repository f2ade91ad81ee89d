import type { Failure } from '../../jobs/record.ts';
import type { JobView } from '../../api/responses/job.ts';
import { textOf } from '../arguments/labels.ts';
import type { Paint } from '../shell.ts';
import { paintStatus } from './status.ts';
import { details, table } from './table.ts';
import { between, moment, printable } from './text.ts';

/** A job by itself: what it is, its tries, what it was given and what came of it. */
export function renderJob(job: JobView, paint: Paint): string {
  const { progress, attempts } = job;
  const fields = details([
    ['Job', job.jobId],
    ['Status', paintStatus(job.status, paint)],
    ['Waits', job.waitingReason ? `${job.waitingReason.reason}: ${job.waitingReason.message}` : ''],
    ['Error', job.error ? describe(job.error) : ''],
    ['Progress', progress && job.finishedAt === undefined ? progressOf(progress) : ''],
    ['Owner', printable(job.owner)],
    ['Schedule', job.scheduleId ?? ''],
    ['Scheduled', moment(job.scheduledAt)],
    ['Retry of', job.retryOf ?? ''],
    ['Labels', printable(textOf(job.labels ?? {}))],
    ['Resources', printable(textOf(job.resources ?? {}))],
    ['Created', moment(job.createdAt)],
    ['Started', moment(job.startedAt)],
    ['Finished', moment(job.finishedAt)],
    ['Queued for', between(job.createdAt, job.startedAt ?? job.finishedAt)],
    ['Ran for', between(job.startedAt, job.finishedAt)],
    [
      'Limits',
      `${job.maxAttempts} ${job.maxAttempts === 1 ? 'attempt' : 'attempts'} of ${job.timeoutSeconds}s`,
    ],
    ['Input', inOneLine(job.input)],
    ['Result', inOneLine(job.result)],
  ]);
  if (attempts.length === 0) return fields;
  const rows = attempts.map(({ attempt, status, startedAt, finishedAt, records, error }) => [
    String(attempt),
    paintStatus(status, paint),
    moment(startedAt),
    between(startedAt, finishedAt),
    records === undefined ? '' : String(records),
    error ? describe(error) : '',
  ]);
  return `${fields}\n${table(['ATTEMPT', 'STATUS', 'STARTED', 'RAN FOR', 'RECORDS', 'ERROR'], rows)}`;
}

/** How far a run has come. */
export const progressOf = ({ done, total }: NonNullable<JobView['progress']>): string =>
  total === undefined ? `${done} records` : `${done} of ${total} records`;

const describe = ({ code, message }: Failure): string => printable(`${code}: ${message}`);

const inOneLine = (value: unknown): string => (value === undefined ? '' : printable(JSON.stringify(value)));
