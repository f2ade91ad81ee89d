import type { JobLogs } from './responses/logs.ts';
import type { AttemptItem } from '../jobs/record.ts';

/** @param logGroup where the cluster's containers log to; empty or absent where that is not known. */
export function logsOf(jobId: string, attempts: readonly AttemptItem[], logGroup?: string): JobLogs {
  return {
    jobId,
    attempts: attempts.map(({ attempt, status, log }) => ({ attempt, status, lines: log ?? [] })),
    ...(logGroup && {
      full: {
        logGroup,
        // Pods are named after the Job, and that after the job, the redrives and the tries.
        query: `fields @timestamp, log | filter kubernetes.pod_name like /^${jobId}-\\d+-\\d+-/ | sort @timestamp asc`,
      },
    }),
  };
}
