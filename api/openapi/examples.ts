import type * as z from 'zod';
import type { JobHistory, JobLogs, JobSummary, JobView } from '../responses/job.ts';
import type { ScheduleSummary, ScheduleView } from '../responses/schedule.ts';
import type { JobRequest } from '../job-request.ts';

/** One job from its request to its logs, and one schedule: what the operations show as their examples. */
export const jobId = '01kb3x4v5n0000000000000000';
export const retryId = '01kb3x9q2w0000000000000000';
export const scheduleId = '01kb3wz1m80000000000000000';

const failure = { code: 'SimulatedFailure', message: 'Attempt 0 fails because failAttempts is 1.' };
const line = '{"level":"info","at":"2026-11-27T10:00:04.510Z","message":"processed","records":100}';

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
  result: { records: 100 },
  attempts: [
    {
      attempt: 0,
      status: 'FAILED',
      startedAt: '2026-11-27T10:00:02.000Z',
      finishedAt: '2026-11-27T10:00:02.400Z',
      records: 0,
      error: failure,
      log: [],
    },
    {
      attempt: 1,
      status: 'SUCCEEDED',
      startedAt: '2026-11-27T10:00:04.000Z',
      finishedAt: '2026-11-27T10:00:04.520Z',
      records: 100,
      log: [line],
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
      error: 'EKS.JobFailed',
      cause: 'Job has reached the specified backoff limit',
    },
  ],
  truncated: false,
};

export const logs: JobLogs = {
  jobId,
  attempts: [
    { attempt: 0, status: 'FAILED', lines: [] },
    { attempt: 1, status: 'SUCCEEDED', lines: [line] },
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
