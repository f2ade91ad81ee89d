import type { AwsOptions } from '../api/signature.ts';
import type { ApiClient } from '../api/client.ts';
import type { Session } from '../session.ts';
import { checkApi } from './api.ts';
import { runCanary } from './canary.ts';
import { checkCluster } from './cluster.ts';
import { failed, type Finding, skipped } from './finding.ts';
import { checkIdentity } from './identity.ts';
import { checkNodePool } from './node-pool.ts';
import { type Deployment, readStack } from './stack.ts';
import { causeOf } from '../../k8s/failure.ts';

export interface DoctorOptions {
  stack?: string;
  context?: string;
  kubeconfig?: string;
  namespace?: string;
  canary: boolean;
  canaryInput: object;
  canarySeconds: number;
}

/** Every check, in the order in which a request meets what is checked. */
export async function* examine(session: Session, options: DoctorOptions): AsyncGenerator<Finding> {
  const { stack, canary, canaryInput, canarySeconds } = options;
  const aws = awsOptions(session);
  let deployment: Deployment | undefined;
  if (stack !== undefined) {
    const read = await lookAtStack(stack, aws);
    yield read.finding;
    deployment = read.deployment;
  }
  const api = apiOf(deployment, session);
  if (deployment) yield* checkAuthorization(deployment, api);
  yield await checkIdentity(api.connection.authorization, Date.now());
  const findings = await checkApi(api);
  yield* findings;
  if (deployment) yield* await checkCluster(deployment, aws, session.shell.interrupted);
  else
    yield skipped(
      'cluster',
      stack === undefined
        ? 'no stack is named: give --stack NAME for one on AWS'
        : 'the stack could not be read',
    );
  yield await nodePool(deployment, options, session.shell.interrupted);
  if (!canary) yield skipped('canary', '--no-canary');
  else if (findings.some(({ outcome }) => outcome !== 'ok'))
    yield skipped('canary', 'the API lets no job in');
  else yield await runCanary(api, { input: canaryInput, seconds: canarySeconds }, session.shell.interrupted);
}

async function lookAtStack(name: string, aws: AwsOptions): ReturnType<typeof readStack> {
  try {
    return await readStack(name, aws);
  } catch (error) {
    return {
      finding: skipped(
        'stack',
        `it cannot be seen: ${causeOf(error)}`,
        'It takes credentials that may cloudformation:DescribeStacks.',
      ),
    };
  }
}

/** The API that the command line names, else the stack's own, asked as the stack wants to be. */
function apiOf(deployment: Deployment | undefined, { api, options, openApi }: Session): ApiClient {
  if (options.api !== undefined || deployment?.url === undefined) return api;
  const { url, authorization } = deployment;
  const iam = options.auth === undefined && authorization === 'iam';
  return openApi({ ...options, api: url, ...(iam && { auth: 'iam' }) });
}

function* checkAuthorization({ authorization }: Deployment, { connection }: ApiClient): Generator<Finding> {
  const { kind } = connection.authorization;
  if (authorization === undefined || authorization === kind || authorization === 'none') return;
  const advice = {
    iam: 'Give --auth iam, and AWS credentials.',
    jwt: 'Set EKS_JOBS_TOKEN to a token of its issuer.',
  };
  yield failed(
    'authorization',
    `the stack's API takes ${authorization}, and this command sends ${kind}`,
    advice[authorization],
  );
}

async function nodePool(
  deployment: Deployment | undefined,
  { context, kubeconfig, namespace }: DoctorOptions,
  signal: AbortSignal,
): Promise<Finding> {
  if (deployment?.nodeClass === 'none')
    return skipped('node pool', 'the stack brings no nodes: it uses those there are');
  if (context === undefined)
    return skipped('node pool', 'no cluster is named: give --context NAME, of the kubeconfig');
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
