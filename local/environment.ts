import type { ServiceOptions } from './options.ts';

/** The addresses of this service's AWS APIs. */
export interface Endpoints {
  stepFunctions: string;
  dynamodb: string;
  scheduler: string;
}

/** The names of this service's resources, as they appear in ARNs. */
export interface ResourceNames {
  region: string;
  account: string;
  service: string;
  table: string;
  stateMachine: string;
  scheduleGroup: string;
}

const account = '000000000000';
const service = 'eks-jobs-local';

/** Returns placeholder credentials for the local endpoints, unless the user has credentials (for `source: s3`). */
const credentials = (): Record<string, string> =>
  process.env['AWS_ACCESS_KEY_ID'] || process.env['AWS_PROFILE']
    ? {}
    : { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

/** Returns the environment that a job's process gets in addition to its manifest: the user's AWS settings, and the local table. */
export function jobEnvironment(
  { dynamodb }: Endpoints,
  dataDirectory: string | undefined,
): Record<string, string> {
  const awsSettings = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (entry[0].startsWith('AWS_') || entry[0] === 'BEAT_SECONDS'),
  );
  return {
    ...Object.fromEntries(awsSettings),
    ...credentials(),
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    ...(dataDirectory !== undefined && { DATA_DIR: dataDirectory }),
  };
}

/** Returns the environment that a pod gets in addition to its manifest: the table's address and placeholder credentials. */
export function podEnvironment(tableUrl: string): Record<string, string> {
  const heartbeatSeconds = process.env['BEAT_SECONDS'];
  return {
    AWS_ENDPOINT_URL_DYNAMODB: tableUrl,
    // The table does not check credentials. The user's own credentials must not leave this machine.
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    ...(heartbeatSeconds !== undefined && { BEAT_SECONDS: heartbeatSeconds }),
  };
}

/** Sets the environment of the functions in this process, as serverless.yml does for the deployed ones. */
export function setFunctionEnvironment(
  endpoints: Endpoints,
  { verbose, authorization, cluster, limits }: ServiceOptions,
): ResourceNames {
  const region = process.env['AWS_REGION'] ?? 'us-east-1';
  const names: ResourceNames = {
    region,
    account,
    service,
    table: service,
    stateMachine: `arn:aws:states:${region}:${account}:stateMachine:${service}-run-job`,
    scheduleGroup: service,
  };
  Object.assign(process.env, {
    ...credentials(),
    AWS_REGION: region,
    AWS_ENDPOINT_URL_SFN: endpoints.stepFunctions,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SCHEDULER: endpoints.scheduler,
    TABLE_NAME: names.table,
    STATE_MACHINE_ARN: names.stateMachine,
    SCHEDULE_GROUP: names.scheduleGroup,
    SCHEDULE_ROLE_ARN: `arn:aws:iam::${account}:role/${service}-scheduler`,
    SCHEDULE_DEAD_LETTERS_ARN: `arn:aws:sqs:${region}:${account}:${service}-undelivered`,
    OWNER_WITHOUT_AUTHORIZER: 'local',
    API_AUTHORIZATION: authorization ? 'jwt' : 'none',
    MAX_JOB_CPU: limits.cpu,
    MAX_JOB_MEMORY: limits.memory,
    // One machine has no limit of concurrent functions.
    MAX_WAITERS: '1000',
    POWERTOOLS_LOG_LEVEL: verbose ? 'INFO' : 'WARN',
    ...(cluster && { JOB_NAMESPACE: cluster.namespace, KUBE_CONTEXT: cluster.context }),
    ...(cluster?.kubeconfig !== undefined && { KUBECONFIG: cluster.kubeconfig }),
  });
  return names;
}
