import type { AttemptStatus } from './protocol.ts';
import type { AttemptItem } from './record.ts';

/** The body of `GET /jobs/{jobId}/logs`. */
export interface JobLogs {
  jobId: string;
  /** Each attempt's last 50 lines, 16 KiB at most; each line a JSON object as text. */
  attempts: { attempt: number; status: AttemptStatus; lines: string[] }[];
  /** Where every line is: a log group of CloudWatch, and a query for Logs Insights. */
  full?: { logGroup: string; query: string };
}

/** @param logGroup where the cluster's containers log to, if it is known. */
export function logsOf(jobId: string, attempts: readonly AttemptItem[], logGroup?: string): JobLogs {
  return {
    jobId,
    attempts: attempts.map(({ attempt, status, log }) => ({ attempt, status, lines: log ?? [] })),
    ...(logGroup !== undefined && {
      full: {
        logGroup,
        // Pods are named after the Job, and that after the job, the redrives and the tries.
        query: `fields @timestamp, log | filter kubernetes.pod_name like /^${jobId}-\\d+-\\d+-/ | sort @timestamp asc`,
      },
    }),
  };
}
