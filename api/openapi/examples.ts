import type * as z from 'zod';
import type { JobHistory, JobLogs, JobSummary, JobView } from '../responses/job.ts';
import type { ScheduleSummary, ScheduleView } from '../responses/schedule.ts';
import type { JobRequest } from '../job-request.ts';

/** One job from its request to its logs, and one schedule: the examples of all operations. A test runs this job and compares. */
export const jobId = '01kb3x4v5n0000000000000000';
export const retryId = '01kb3x9q2w0000000000000000';
export const scheduleId = '01kb3wz1m80000000000000000';

/** A log line as data_processor writes it. */
const line = (attempt: number, time: string, level: string, message: string, fields: object): string =>
  JSON.stringify({ time, level, message, jobId, attempt, ...fields });

const failure = { code: 'SyntheticFailure', message: 'record 51 failed, as the input requests' };

/** The log lines of both attempts. */
const lines = [
  [
    line(0, '2026-11-27T10:00:02.010Z', 'info', 'attempt started', { runner: 'b68ee8c5cd84c9ea' }),
    line(0, '2026-11-27T10:00:02.390Z', 'error', `attempt failed: ${failure.message}`, {
      code: failure.code,
      records: 50,
      retryable: true,
    }),
  ],
  [
    line(1, '2026-11-27T10:00:04.010Z', 'info', 'attempt started', { runner: '5698968c0caabea4' }),
    line(1, '2026-11-27T10:00:04.510Z', 'info', 'attempt succeeded', { records: 100 }),
  ],
] as const;

export const jobRequest: z.input<typeof JobRequest> = {
  input: { source: 'synthetic', records: 100, failAttempts: 1 },
  timeoutSeconds: 600,
  maxAttempts: 3,
  labels: { team: 'search' },
  resources: { cpu: '500m', memory: '512Mi' },
};

export const jobSummary: JobSummary = {
  jobId,
  status: 'SUCCEEDED',
  origin: 'api',
  labels: { team: 'search' },
  createdAt: '2026-11-27T10:00:00.000Z',
  startedAt: '2026-11-27T10:00:02.000Z',
  finishedAt: '2026-11-27T10:00:04.520Z',
};

export const job: JobView = {
  ...jobSummary,
  owner: 'alice',
  resources: { cpu: '500m', memory: '512Mi' },
  input: jobRequest.input,
  progress: { done: 100, total: 100 },
  result: {
    records: 100,
    columns: [
      { name: 'value', kind: 'number', count: 100, nulls: 0, min: 0, max: 0.97, mean: 0.5, stddev: 0.31 },
    ],
  },
  attempts: [
    {
      attempt: 0,
      status: 'FAILED',
      startedAt: '2026-11-27T10:00:02.000Z',
      finishedAt: '2026-11-27T10:00:02.400Z',
      records: 50,
      error: failure,
      log: [...lines[0]],
    },
    {
      attempt: 1,
      status: 'SUCCEEDED',
      startedAt: '2026-11-27T10:00:04.000Z',
      finishedAt: '2026-11-27T10:00:04.520Z',
      records: 100,
      log: [...lines[1]],
    },
  ],
  maxAttempts: 3,
  timeoutSeconds: 600,
};

export const history: JobHistory = {
  jobId,
  events: [
    { at: '2026-11-27T10:00:00.000Z', type: 'ExecutionStarted' },
    { at: '2026-11-27T10:00:00.010Z', type: 'TaskStateEntered', state: 'Register' },
    {
      at: '2026-11-27T10:00:02.500Z',
      type: 'TaskFailed',
      state: 'RunJob',
      attempt: 0,
      error: 'States.TaskFailed',
      cause:
        '{"status":{"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded"}],"failed":1}}',
    },
  ],
  truncated: false,
};

export const logs: JobLogs = {
  jobId,
  attempts: [
    { attempt: 0, status: 'FAILED', lines: [...lines[0]] },
    { attempt: 1, status: 'SUCCEEDED', lines: [...lines[1]] },
  ],
  full: {
    logGroup: '/aws/containerinsights/eks-jobs-dev/application',
    query: `fields @timestamp, log | filter kubernetes.pod_name like /^${jobId}-\\d+-\\d+-/ | sort @timestamp asc`,
  },
};

export const scheduleSummary: ScheduleSummary = {
  scheduleId,
  name: 'weekly report',
  status: 'ACTIVE',
  state: 'ACTIVE',
  owner: 'alice',
  cron: '0 7 * * MON',
  timezone: 'Europe/Berlin',
  expressions: ['cron(0 7 ? * MON *)'],
  nextRuns: ['2026-11-30T06:00:00.000Z', '2026-12-07T06:00:00.000Z'],
  createdAt: '2026-11-27T09:00:00.000Z',
  updatedAt: '2026-11-27T09:00:00.000Z',
};

export const schedule: ScheduleView = {
  ...scheduleSummary,
  timeoutSeconds: 600,
  maxAttempts: 3,
  labels: { team: 'search' },
  input: { source: 'synthetic', records: 100 },
};
