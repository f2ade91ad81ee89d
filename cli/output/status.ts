import type { AttemptStatus, JobStatus } from '../../jobs/protocol.ts';
import type { Paint } from '../shell.ts';

const colours: Record<JobStatus | AttemptStatus, Parameters<Paint>[0]> = {
  QUEUED: 'yellow',
  RUNNING: 'cyan',
  SUCCEEDED: 'green',
  FAILED: 'red',
  CANCELLED: 'yellow',
  TIMED_OUT: 'red',
};

export const paintStatus = (status: JobStatus | AttemptStatus, paint: Paint): string =>
  paint(colours[status], status);
