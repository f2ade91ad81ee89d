import * as z from 'zod';
import { dnsLabel, logGroupOrNone } from '../lib/patterns.ts';
import { Cpu, Memory } from '../lib/quantities.ts';
import type { ResourceLimits } from './resources.ts';

/** Who may call the API: IAM identities with their signature, callers with a token, or every caller. */
export const Authorization = z.enum(['iam', 'jwt', 'none']);
export type Authorization = z.infer<typeof Authorization>;

/** The environment variables of the functions. serverless.yml sets them; local/ sets the same. */
const Settings = z.object({
  /** The table of jobs, attempts and counters. */
  TABLE_NAME: z.string().min(3).max(255),
  /** The state machine that runs a job; its name is fixed by service and stage. */
  STATE_MACHINE_ARN: z.string().startsWith('arn:'),
  /** The owner of every job, if the API runs without an authorizer. */
  OWNER_WITHOUT_AUTHORIZER: z.string().min(1).max(128).default('anonymous'),
  /** The type of the API's authorizer, which the OpenAPI document describes; a package has the document itself. */
  API_AUTHORIZATION: Authorization.default('none'),
  /** The CloudWatch log group of the jobs' containers; empty or absent if the cluster collects no logs. */
  JOB_LOG_GROUP: z.string().regex(logGroupOrNone).optional(),
  /** The namespace of the Kubernetes Jobs; without it settle deletes none. It needs one of the clusters below. */
  JOB_NAMESPACE: z.string().regex(dnsLabel).optional(),
  /** The cluster, as a context in this machine's kubeconfig (KUBECONFIG, ~/.kube/config). */
  KUBE_CONTEXT: z.string().min(1).optional(),
  /** The EKS cluster: its name, its API server's address, and its certificate authority (PEM in base64). */
  CLUSTER_NAME: z.string().min(1).max(100).optional(),
  CLUSTER_ENDPOINT: z.url({ protocol: /^https$/ }).optional(),
  CLUSTER_CERTIFICATE_AUTHORITY: z.base64().min(1).optional(),
});

/** Checks the settings that name a cluster only together: a cluster that is half named must not count as none. */
const CheckedSettings = Settings.check(({ value, issues }) => {
  const eks = [value.CLUSTER_NAME, value.CLUSTER_ENDPOINT, value.CLUSTER_CERTIFICATE_AUTHORITY];
  const given = eks.filter((part) => part !== undefined).length;
  const problem = (message: string): void => {
    issues.push({ code: 'custom', message, input: undefined });
  };
  if (given !== 0 && given !== eks.length) {
    problem('CLUSTER_NAME, CLUSTER_ENDPOINT and CLUSTER_CERTIFICATE_AUTHORITY go together');
  }
  const named = given > 0 || value.KUBE_CONTEXT !== undefined;
  if (named !== (value.JOB_NAMESPACE !== undefined)) {
    problem('JOB_NAMESPACE goes with KUBE_CONTEXT or CLUSTER_NAME');
  }
});

/** The settings of the functions that create, change and delete schedules. */
const ScheduleSettings = Settings.extend({
  /** The group of this stage's schedules at EventBridge Scheduler. */
  SCHEDULE_GROUP: z.string().min(1).max(64),
  /** The role with which EventBridge Scheduler starts jobs. */
  SCHEDULE_ROLE_ARN: z.string().startsWith('arn:'),
  /** The queue of firings that could not be delivered. */
  SCHEDULE_DEAD_LETTERS_ARN: z.string().startsWith('arn:'),
});

/** The settings of the functions that accept jobs and schedules. */
const LimitSettings = Settings.extend({
  /** The maximum CPU and memory that a job may request, as Kubernetes quantities. */
  MAX_JOB_CPU: Cpu,
  MAX_JOB_MEMORY: Memory,
});

/** The settings of the function that waits for the end of jobs. */
const WaitSettings = Settings.extend({
  /** The maximum number of requests that wait at the same time; 0: none. */
  MAX_WAITERS: z.coerce.number().int().min(0).max(1000),
});

export type Settings = z.infer<typeof Settings>;

/**
 * Reads the settings from an environment.
 * @throws Error which names every setting that is missing or wrong, without its value.
 */
export const readSettings = (environment: Environment = process.env): Settings =>
  read(CheckedSettings, environment);

/** Reads the settings and those for schedules; throws as readSettings. */
export const readScheduleSettings = (
  environment: Environment = process.env,
): z.infer<typeof ScheduleSettings> => read(ScheduleSettings, environment);

/** Reads the maximum resources of a job; throws as readSettings. */
export function readLimits(environment: Environment = process.env): ResourceLimits {
  const { MAX_JOB_CPU: cpu, MAX_JOB_MEMORY: memory } = read(LimitSettings, environment);
  return { cpu, memory };
}

/** Reads the maximum number of requests that wait at the same time; throws as readSettings. */
export const readMaximumWaiters = (environment: Environment = process.env): number =>
  read(WaitSettings, environment).MAX_WAITERS;

type Environment = Readonly<Record<string, string | undefined>>;

function read<Read>(shape: z.ZodType<Read>, environment: Environment): Read {
  const parsed = shape.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Error(`Wrong environment settings: ${z.prettifyError(parsed.error)}`);
}
