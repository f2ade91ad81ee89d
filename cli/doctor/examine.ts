import { describeError } from '../../lib/describe-error.ts';
import type { ApiClient } from '../api/client.ts';
import type { AwsOptions } from '../api/signature.ts';
import type { Session } from '../session.ts';
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

/** Every check: the stack, its API, its cluster, and a job all the way. */
export async function* examine(session: Session, options: DoctorOptions): AsyncGenerator<Finding> {
  const { interrupted } = session.shell;
  const aws = awsOptions(session);
  const { finding, deployment } = await lookAtStack(options, aws);
  if (finding) yield finding;
  const api = apiOf(deployment, session, options);
  let letIn = false;
  for await (const found of apiFindings(api, deployment)) {
    letIn ||= found.check === 'access' && found.outcome === 'ok';
    yield found;
  }
  if (deployment) yield* await checkCluster(deployment, aws, interrupted);
  else
    yield skipped(
      'cluster',
      options.stack ? 'the stack is not known' : 'no stack is named: give --stack for one on AWS',
    );
  yield await nodePool(deployment, options, interrupted);
  if (!options.canary) yield skipped('canary', '--no-canary');
  else if (api === undefined || !letIn) yield skipped('canary', 'the API lets no job in');
  else
    yield await runCanary(api, { input: options.canaryInput, seconds: options.canarySeconds }, interrupted);
}

async function lookAtStack(
  { stack }: DoctorOptions,
  aws: AwsOptions,
): Promise<{ finding?: Finding; deployment?: Deployment }> {
  if (stack === undefined) return {};
  try {
    return await readStack(stack, aws);
  } catch (error) {
    const advice = 'It takes credentials that may cloudformation:DescribeStacks and DescribeStackResource.';
    return { finding: skipped('stack', `it cannot be seen: ${describeError(error)}`, advice) };
  }
}

/** The API that the command line names, else the stack's own, asked as the stack wants to be; undefined where nobody knows its address. */
function apiOf(
  deployment: Deployment | undefined,
  { api, options, openApi }: Session,
  { stack }: DoctorOptions,
): ApiClient | undefined {
  if (options.api !== undefined || stack === undefined) return api;
  if (deployment?.url === undefined) return undefined;
  const { url, authorization } = deployment;
  const iam = options.auth === undefined && authorization === 'iam';
  return openApi({ ...options, api: url, ...(iam && { auth: 'iam' }) });
}

async function* apiFindings(
  api: ApiClient | undefined,
  deployment: Deployment | undefined,
): AsyncGenerator<Finding> {
  if (api === undefined) {
    yield skipped('api', 'its address is not known: give --api');
    return;
  }
  const { authorization } = api.connection;
  if (deployment) yield* mismatchOf(deployment, authorization.kind);
  yield await checkIdentity(authorization, Date.now());
  yield* await checkApi(api);
}

function* mismatchOf(
  { authorization }: Deployment,
  sent: ApiClient['connection']['authorization']['kind'],
): Generator<Finding> {
  if (authorization === undefined || authorization === sent || authorization === 'none') return;
  const advice = {
    iam: 'Give --auth iam, and AWS credentials.',
    jwt: 'Set EKS_JOBS_TOKEN to a token of its issuer.',
  };
  const message = `the stack's API takes ${authorization}, and this command sends ${sent}`;
  yield failed('authorization', message, advice[authorization]);
}

async function nodePool(
  deployment: Deployment | undefined,
  { context, kubeconfig, namespace }: DoctorOptions,
  signal: AbortSignal,
): Promise<Finding> {
  if (deployment?.nodeClass === 'none') {
    return skipped('node pool', 'the stack brings no nodes: it uses those there are');
  }
  if (context === undefined) {
    return skipped('node pool', 'no cluster is named: give --context NAME, of the kubeconfig');
  }
  return await checkNodePool(
    namespace ?? deployment?.namespace ?? 'eks-jobs',
    { context, ...(kubeconfig !== undefined && { kubeconfig }) },
    signal,
  );
}

/** The region of the API's own address, where none is named. */
function awsOptions({ api, options: { region, profile } }: Session): AwsOptions {
  const { authorization } = api.connection;
  const known = region ?? (authorization.kind === 'iam' ? authorization.region : undefined);
  return {
    ...(known !== undefined && { region: known }),
    ...(profile !== undefined && { profile }),
  };
}
