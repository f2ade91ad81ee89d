import {
  CloudFormationClient,
  DescribeStackResourceCommand,
  DescribeStacksCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { readAuthorization } from '../../api/authorization.ts';
import type { Authorization } from '../../jobs/settings.ts';
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

type Role = 'RunJobRole' | 'SettleJobRole' | 'SweepRole' | 'JobRole';

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
    const settings = settingsOf(stack);
    if (!settings) {
      const advice = 'Its name is SERVICE-STAGE, as eks-jobs-dev.';
      return { finding: failed('stack', `${name} is no stack of eks-jobs`, advice) };
    }
    const finding = stateOf(name, stack.StackStatus);
    // Of one that was half made or half removed there may be no roles.
    if (finding.outcome === 'failed') return { finding };
    return { finding, deployment: { ...settings, roles: await roleArns(name, stack, client) } };
  } catch (error) {
    if (!(error instanceof Error && error.message.endsWith(' does not exist'))) throw error;
    return { finding: noSuchStack(name) };
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

async function roleArns(
  stackName: string,
  { StackId = '' }: Stack,
  client: CloudFormationClient,
): Promise<Record<Role, string>> {
  const [, partition = 'aws', , , account = ''] = StackId.split(':');
  const arnOf = async (role: Role): Promise<string> => {
    const { StackResourceDetail } = await client.send(
      new DescribeStackResourceCommand({ StackName: stackName, LogicalResourceId: role }),
    );
    return `arn:${partition}:iam::${account}:role/${StackResourceDetail?.PhysicalResourceId ?? ''}`;
  };
  const [RunJobRole, SettleJobRole, SweepRole, JobRole] = await Promise.all([
    arnOf('RunJobRole'),
    arnOf('SettleJobRole'),
    arnOf('SweepRole'),
    arnOf('JobRole'),
  ]);
  return { RunJobRole, SettleJobRole, SweepRole, JobRole };
}

/** What is known of it without asking on; undefined where it is another's. */
function settingsOf({ Parameters = [], Outputs = [] }: Stack): Omit<Deployment, 'roles'> | undefined {
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
