import { describeError } from '../../lib/describe-error.ts';
import type { ApiClient } from '../api/client.ts';
import type { ApiCredentials, AwsOptions } from '../api/credentials.ts';
import type { CommandSession } from '../session.ts';
import { checkApi } from './api.ts';
import { runCanary } from './canary.ts';
import { checkCluster } from './cluster.ts';
import { failed, type Finding, skipped } from './finding.ts';
import { checkIdentity } from './identity.ts';
import { checkNodePool } from './node-pool.ts';
import { type Deployment, readStack } from './stack.ts';

export interface DoctorOptions {
  stack?: string;
  context?: string;
  kubeconfig?: string;
  namespace?: string;
  canary: boolean;
  canaryInput: object;
  canarySeconds: number;
}

/** Makes every check: the stack, its API, its cluster, and one job from start to end. */
export async function* examine(session: CommandSession, options: DoctorOptions): AsyncGenerator<Finding> {
  const { interrupted } = session.shell;
  const aws = awsOptions(session);
  const { finding, deployment } = await checkStack(options, aws);
  if (finding) yield finding;
  const api = selectApi(deployment, session, options);
  let authorized = false;
  for await (const apiFinding of checkApiAndIdentity(api, deployment)) {
    authorized ||= apiFinding.check === 'access' && apiFinding.outcome === 'ok';
    yield apiFinding;
  }
  if (deployment) yield* await checkCluster(deployment, aws, interrupted);
  else
    yield skipped(
      'cluster',
      options.stack ? 'the stack is not known' : 'use --stack to check a stack on AWS',
    );
  yield await checkNodes(deployment, options, interrupted);
  if (!options.canary) yield skipped('canary', '--no-canary');
  else if (api === undefined || !authorized)
    yield skipped('canary', 'the API does not accept jobs of this caller');
  else
    yield await runCanary(api, { input: options.canaryInput, seconds: options.canarySeconds }, interrupted);
}

async function checkStack(
  { stack }: DoctorOptions,
  aws: AwsOptions,
): Promise<{ finding?: Finding; deployment?: Deployment }> {
  if (stack === undefined) return {};
  try {
    return await readStack(stack, aws);
  } catch (error) {
    const advice =
      'This requires credentials that may cloudformation:DescribeStacks and DescribeStackResource.';
    return { finding: skipped('stack', `it cannot be checked: ${describeError(error)}`, advice) };
  }
}

/** Selects the API of the command line, else the stack's own with its authorization; undefined if its address is unknown. */
function selectApi(
  deployment: Deployment | undefined,
  { api, options, openApi }: CommandSession,
  { stack }: DoctorOptions,
): ApiClient | undefined {
  if (options.api !== undefined || stack === undefined) return api;
  if (deployment?.url === undefined) return undefined;
  const { url, authorization } = deployment;
  const iam = options.auth === undefined && authorization === 'iam';
  return openApi({ ...options, api: url, ...(iam && { auth: 'iam' }) });
}

async function* checkApiAndIdentity(
  api: ApiClient | undefined,
  deployment: Deployment | undefined,
): AsyncGenerator<Finding> {
  if (api === undefined) {
    yield skipped('api', 'its address is not known: use --api');
    return;
  }
  const { credentials } = api.connection;
  if (deployment) yield* checkAuthorization(deployment, credentials.kind);
  yield await checkIdentity(credentials, Date.now());
  yield* await checkApi(api);
}

function* checkAuthorization(
  { authorization }: Deployment,
  sent: ApiCredentials['kind'],
): Generator<Finding> {
  if (authorization === undefined || authorization === sent || authorization === 'none') return;
  const advice = {
    iam: 'Use --auth iam, with AWS credentials.',
    jwt: 'Set EKS_JOBS_TOKEN to a token of its issuer.',
  };
  const message = `the stack's API requires ${authorization}, but this command sends ${sent}`;
  yield failed('authorization', message, advice[authorization]);
}

async function checkNodes(
  deployment: Deployment | undefined,
  { context, kubeconfig, namespace }: DoctorOptions,
  signal: AbortSignal,
): Promise<Finding> {
  if (deployment?.nodeClass === 'none') {
    return skipped('node pool', 'the stack has no NodePool: its jobs use the existing nodes');
  }
  if (context === undefined) {
    return skipped('node pool', 'use --context to check the cluster of a kubeconfig context');
  }
  return await checkNodePool(
    namespace ?? deployment?.namespace ?? 'eks-jobs',
    { context, ...(kubeconfig !== undefined && { kubeconfig }) },
    signal,
  );
}

/** Selects the region and the profile; the default region is that of the API's address. */
function awsOptions({ api, options: { region, profile } }: CommandSession): AwsOptions {
  const { credentials } = api.connection;
  const awsRegion = region ?? (credentials.kind === 'iam' ? credentials.region : undefined);
  return {
    ...(awsRegion !== undefined && { region: awsRegion }),
    ...(profile !== undefined && { profile }),
  };
}
