import * as z from 'zod';
import { dnsLabel, logGroupOrNone } from '../lib/patterns.ts';
import { Cpu, Memory } from '../lib/quantities.ts';
import type { ResourceLimits } from './resources.ts';

/** Who may call the API: identities of AWS by their signature, holders of a token, or everybody. */
export const Authorization = z.enum(['iam', 'jwt', 'none']);
export type Authorization = z.infer<typeof Authorization>;

/** Every environment setting of the functions, in one place. Serverless sets them; local/ sets the same ones. */
const Settings = z.object({
  /** The table of jobs, attempts and counters. */
  TABLE_NAME: z.string().min(3).max(255),
  /** The state machine that runs a job; its name is fixed by service and stage. */
  STATE_MACHINE_ARN: z.string().startsWith('arn:'),
  /** Who asked, where the API runs without an authorizer. */
  OWNER_WITHOUT_AUTHORIZER: z.string().min(1).max(128).default('anonymous'),
  /** The API's kind of authorization, which the OpenAPI document describes; a package holds the document itself. */
  API_AUTHORIZATION: Authorization.default('none'),
  /** The log group of CloudWatch that the jobs' containers log to; empty or absent where the cluster collects none. */
  JOB_LOG_GROUP: z.string().regex(logGroupOrNone).optional(),
  /** Where the jobs' Kubernetes Jobs are; without it settle deletes none. It needs one of the clusters below. */
  JOB_NAMESPACE: z.string().regex(dnsLabel).optional(),
  /** The cluster by a context of this machine's kubeconfig (KUBECONFIG, ~/.kube/config). */
  KUBE_CONTEXT: z.string().min(1).optional(),
  /** The EKS cluster: its name, its API server's address, and its certificate authority (PEM in base64). */
  CLUSTER_NAME: z.string().min(1).max(100).optional(),
  CLUSTER_ENDPOINT: z.url({ protocol: /^https$/ }).optional(),
  CLUSTER_CERTIFICATE_AUTHORITY: z.base64().min(1).optional(),
});

/** What names a cluster only together; one that is half named must not pass for none. */
const whole = Settings.check(({ value, issues }) => {
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

/** The settings of those functions that make, change and delete schedules. */
const ScheduleSettings = Settings.extend({
  /** The group at EventBridge Scheduler that holds the schedules of this stage. */
  SCHEDULE_GROUP: z.string().min(1).max(64),
  /** What EventBridge Scheduler starts jobs with. */
  SCHEDULE_ROLE_ARN: z.string().startsWith('arn:'),
  /** The queue of ticks that could not be delivered. */
  SCHEDULE_DEAD_LETTERS_ARN: z.string().startsWith('arn:'),
});

/** The settings of those functions that accept jobs. */
const LimitSettings = Settings.extend({
  /** The most processor share and memory that a job may ask for, as Kubernetes writes quantities. */
  MAX_JOB_CPU: Cpu,
  MAX_JOB_MEMORY: Memory,
});

export type Settings = z.infer<typeof Settings>;

/**
 * Reads the settings from an environment.
 * @throws Error naming every setting that is missing or wrong, without its value.
 */
export const readSettings = (environment: Environment = process.env): Settings => read(whole, environment);

/** Reads these and the settings for schedules; throws as readSettings. */
export const readScheduleSettings = (
  environment: Environment = process.env,
): z.infer<typeof ScheduleSettings> => read(ScheduleSettings, environment);

/** Reads what a job may ask of its node at most; throws as readSettings. */
export function readLimits(environment: Environment = process.env): ResourceLimits {
  const { MAX_JOB_CPU: cpu, MAX_JOB_MEMORY: memory } = read(LimitSettings, environment);
  return { cpu, memory };
}

type Environment = Readonly<Record<string, string | undefined>>;

function read<Read>(shape: z.ZodType<Read>, environment: Environment): Read {
  const parsed = shape.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Error(`Wrong environment settings: ${z.prettifyError(parsed.error)}`);
}
