import {
  CloudFormationClient,
  DescribeStackResourceCommand,
  DescribeStacksCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { readAuthorization } from '../../api/authorization.ts';
import type { Authorization } from '../../jobs/settings.ts';
import type { RoleWithAccess } from '../../k8s/access-groups.ts';
import type { AwsOptions } from '../api/credentials.ts';
import { failed, type Finding, ok } from './finding.ts';

/** The settings and resources of a deployed stack. */
export interface Deployment {
  url: string | undefined;
  authorization: Authorization | undefined;
  clusterName: string;
  namespace: string;
  serviceAccount: string;
  nodeClass: string;
  /** ARNs of the roles that need access to the cluster, and of the pods' role. */
  roles: Record<Role, string>;
}

type Role = RoleWithAccess | 'JobRole';

/** Stacks in these states work, even if the last deploy was rolled back. */
const workingStates = [
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
  'UPDATE_ROLLBACK_COMPLETE',
];

/**
 * Reads a stack of `sls deploy` by its name.
 * @throws when the caller is not authorized to see it.
 */
export async function readStack(
  name: string,
  options: AwsOptions,
): Promise<{ finding: Finding; deployment?: Deployment }> {
  const client = new CloudFormationClient(options);
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: name }));
    const [stack] = Stacks ?? [];
    if (stack === undefined) return { finding: missingStack(name) };
    const settings = parseSettings(stack);
    if (!settings) {
      const advice = 'The name is SERVICE-STAGE, as eks-jobs-dev.';
      return { finding: failed('stack', `${name} is not a stack of eks-jobs`, advice) };
    }
    const finding = checkState(name, stack.StackStatus);
    // A stack whose creation or deletion failed may have no roles.
    if (finding.outcome === 'failed') return { finding };
    return { finding, deployment: { ...settings, roles: await roleArns(name, stack, client) } };
  } catch (error) {
    if (!(error instanceof Error && error.message.endsWith(' does not exist'))) throw error;
    return { finding: missingStack(name) };
  } finally {
    client.destroy();
  }
}

const missingStack = (name: string): Finding =>
  failed(
    'stack',
    `the stack ${name} does not exist in this account and region`,
    'Check --stack, --region and --profile.',
  );

function checkState(name: string, status = 'in an unknown state'): Finding {
  if (workingStates.includes(status)) return ok('stack', `${name} is ${status}`);
  const advice = `The stack's events have the reason: aws cloudformation describe-stack-events --stack-name ${name}`;
  return failed('stack', `${name} is ${status}`, advice);
}

async function roleArns(
  stackName: string,
  { StackId = '' }: Stack,
  client: CloudFormationClient,
): Promise<Record<Role, string>> {
  const [, partition = 'aws', , , account = ''] = StackId.split(':');
  const readArn = async (role: Role): Promise<string> => {
    const { StackResourceDetail } = await client.send(
      new DescribeStackResourceCommand({ StackName: stackName, LogicalResourceId: role }),
    );
    return `arn:${partition}:iam::${account}:role/${StackResourceDetail?.PhysicalResourceId ?? ''}`;
  };
  const [RunJobRole, SettleJobRole, SweepRole, JobRole] = await Promise.all([
    readArn('RunJobRole'),
    readArn('SettleJobRole'),
    readArn('SweepRole'),
    readArn('JobRole'),
  ]);
  return { RunJobRole, SettleJobRole, SweepRole, JobRole };
}

/** Reads the settings from the stack's parameters and outputs; undefined if it is a stack of another service. */
function parseSettings({ Parameters = [], Outputs = [] }: Stack): Omit<Deployment, 'roles'> | undefined {
  const parameters = new Map(
    Parameters.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]),
  );
  const outputs = new Map(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const [clusterName, namespace, serviceAccount] = ['ClusterName', 'JobNamespace', 'JobServiceAccount'].map(
    (name) => parameters.get(name),
  );
  if (!clusterName || !namespace || !serviceAccount) return undefined;
  return {
    url: outputs.get('HttpApiUrl'),
    authorization: readAuthorization(outputs.get('Authorization')),
    ...{ clusterName, namespace, serviceAccount },
    nodeClass: parameters.get('NodeClass') ?? 'none',
  };
}
