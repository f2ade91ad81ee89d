import {
  CloudFormationClient,
  DescribeStackResourceCommand,
  DescribeStacksCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { readAuthorization, type Authorization } from '../../plugins/info/first-job.ts';
import type { AwsOptions } from '../api/signature.ts';
import { failed, type Finding, ok } from './finding.ts';

/** What a deployed stack says of itself. */
export interface Deployment {
  url: string | undefined;
  authorization: Authorization | undefined;
  clusterName: string;
  namespace: string;
  serviceAccount: string;
  nodeClass: string;
  /** ARNs of the roles that have to be let into the cluster, and of the pods'. */
  roles: Record<Role, string>;
}

const roles = ['RunJobRole', 'SettleJobRole', 'SweepRole', 'JobRole'] as const;
type Role = (typeof roles)[number];

/** Stacks in these states work, whatever the last deploy came to. */
const working = [
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
  'UPDATE_ROLLBACK_COMPLETE',
];

/**
 * Reads a stack of `sls deploy` by its name.
 * @throws when CloudFormation does not let us see it.
 */
export async function readStack(
  name: string,
  options: AwsOptions,
): Promise<{ finding: Finding; deployment?: Deployment }> {
  const client = new CloudFormationClient(options);
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: name }));
    const [stack] = Stacks ?? [];
    if (stack === undefined) return { finding: noSuchStack(name) };
    const deployment = deploymentOf(stack, await roleArns(name, stack, client));
    if (!deployment) {
      return {
        finding: failed(
          'stack',
          `${name} is no stack of eks-jobs`,
          'Its name is SERVICE-STAGE, as eks-jobs-dev.',
        ),
      };
    }
    return { finding: stateOf(name, stack.StackStatus), deployment };
  } catch (error) {
    if (error instanceof Error && error.message.endsWith(' does not exist'))
      return { finding: noSuchStack(name) };
    throw error;
  } finally {
    client.destroy();
  }
}

const noSuchStack = (name: string): Finding =>
  failed(
    'stack',
    `there is no stack ${name} in this account and region`,
    'Look at --stack, --region and --profile.',
  );

function stateOf(name: string, status = 'in no known state'): Finding {
  if (working.includes(status)) return ok('stack', `${name} is ${status}`);
  const advice = `CloudFormation's events say why: aws cloudformation describe-stack-events --stack-name ${name}`;
  return failed('stack', `${name} is ${status}`, advice);
}

/** @throws also where one of them is not there. */
async function roleArns(
  stackName: string,
  { StackId = '' }: Stack,
  client: CloudFormationClient,
): Promise<Partial<Record<Role, string>>> {
  const [, partition = 'aws', , , account = ''] = StackId.split(':');
  const found = await Promise.all(
    roles.map(async (LogicalResourceId) => {
      const { StackResourceDetail } = await client.send(
        new DescribeStackResourceCommand({ StackName: stackName, LogicalResourceId }),
      );
      return [
        LogicalResourceId,
        `arn:${partition}:iam::${account}:role/${StackResourceDetail?.PhysicalResourceId ?? ''}`,
      ] as const;
    }),
  );
  return Object.fromEntries(found);
}

function deploymentOf(
  { Parameters = [], Outputs = [] }: Stack,
  arns: Partial<Record<Role, string>>,
): Deployment | undefined {
  const parameters = new Map(
    Parameters.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]),
  );
  const outputs = new Map(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const [clusterName, namespace, serviceAccount] = ['ClusterName', 'JobNamespace', 'JobServiceAccount'].map(
    (name) => parameters.get(name),
  );
  const { RunJobRole, SettleJobRole, SweepRole, JobRole } = arns;
  if (!clusterName || !namespace || !serviceAccount) return undefined;
  if (!RunJobRole || !SettleJobRole || !SweepRole || !JobRole) return undefined;
  return {
    url: outputs.get('HttpApiUrl'),
    authorization: readAuthorization(outputs.get('Authorization')),
    ...{ clusterName, namespace, serviceAccount },
    nodeClass: parameters.get('NodeClass') ?? 'none',
    roles: { RunJobRole, SettleJobRole, SweepRole, JobRole },
  };
}
