import type { JobSummary } from '../../api/responses/job.ts';
import { textOf } from '../arguments/labels.ts';
import type { Paint } from '../shell.ts';
import { paintStatus } from './status.ts';
import { table } from './table.ts';
import { between, moment } from './text.ts';

/** Jobs, a line each. */
export const renderJobs = (jobs: readonly JobSummary[], paint: Paint, width?: number): string =>
  table(
    ['JOB', 'STATUS', 'CREATED', 'QUEUED FOR', 'RAN FOR', 'ORIGIN', 'RETRY OF', 'LABELS'],
    jobs.map(({ jobId, status, createdAt, startedAt, finishedAt, origin, retryOf, labels }) => [
      jobId,
      paintStatus(status, paint),
      moment(createdAt),
      between(createdAt, startedAt ?? finishedAt),
      between(startedAt, finishedAt),
      origin,
      retryOf ?? '',
      textOf(labels ?? {}),
    ]),
    width,
  );
