import type { Options } from './options.ts';

/** Where the parts of this service answer. */
export interface Endpoints {
  stepFunctions: string;
  dynamodb: string;
  scheduler: string;
}

/** The names this service's parts have, as their ARNs on AWS would say them. */
export interface Names {
  region: string;
  account: string;
  service: string;
  table: string;
  stateMachine: string;
  scheduleGroup: string;
}

const account = '000000000000';
const service = 'eks-jobs-local';

/** Credentials for endpoints that check none, unless the user has some (for `source: s3`). */
const credentials = (): Record<string, string> =>
  process.env['AWS_ACCESS_KEY_ID'] || process.env['AWS_PROFILE']
    ? {}
    : { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

/** What a cluster would give a pod besides its manifest: the user's own AWS settings, but this machine's table. */
export function jobEnvironment(
  { dynamodb }: Endpoints,
  dataDirectory: string | undefined,
): Record<string, string> {
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (entry[0].startsWith('AWS_') || entry[0] === 'BEAT_SECONDS'),
  );
  return {
    ...Object.fromEntries(own),
    ...credentials(),
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    ...(dataDirectory !== undefined && { DATA_DIR: dataDirectory }),
  };
}

/** What a cluster of one's own must give a pod besides its manifest: the way to this machine's table, and no more of it. */
export function podEnvironment(table: string): Record<string, string> {
  const beat = process.env['BEAT_SECONDS'];
  return {
    AWS_ENDPOINT_URL_DYNAMODB: table,
    // The table checks none; the user's own stay on this machine.
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    ...(beat !== undefined && { BEAT_SECONDS: beat }),
  };
}

/** Gives the functions of this process the environment that serverless.yml gives the deployed ones. */
export function setFunctionEnvironment(
  endpoints: Endpoints,
  { verbose, authorization, cluster, limits }: Options,
): Names {
  const region = process.env['AWS_REGION'] ?? 'us-east-1';
  const names: Names = {
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
    POWERTOOLS_LOG_LEVEL: verbose ? 'INFO' : 'WARN',
    ...(cluster && { JOB_NAMESPACE: cluster.namespace, KUBE_CONTEXT: cluster.context }),
    ...(cluster?.kubeconfig !== undefined && { KUBECONFIG: cluster.kubeconfig }),
  });
  return names;
}
