import {
  DescribeAccessEntryCommand,
  DescribeAddonCommand,
  DescribePodIdentityAssociationCommand,
  EKSClient,
  ListPodIdentityAssociationsCommand,
  ResourceNotFoundException,
  type Cluster,
} from '@aws-sdk/client-eks';
import { ensureUsable, findCluster } from '../../k8s/describe.ts';
import { ClusterFailure } from '../../k8s/failure.ts';
import type { AwsOptions } from '../api/credentials.ts';
import { checkOrSkip, failed, type Finding, ok, skipped } from './finding.ts';
import type { Deployment } from './stack.ts';

/** What is undone by hand is put back by a deploy: CloudFormation itself changes nothing that it believes to be there. */
const putBack =
  'Somebody took it away after the deploy: make it again, or `npx sls remove` and `npx sls deploy`.';

/** Whether jobs can run in the stack's cluster, as far as EKS knows: the cluster, who is let in, and the pods' role. */
export async function checkCluster(
  deployment: Deployment,
  options: AwsOptions,
  signal: AbortSignal,
): Promise<Finding[]> {
  const client = new EKSClient(options);
  const { clusterName, namespace, roles } = deployment;
  try {
    let cluster: Cluster | undefined;
    const finding = await checkOrSkip('cluster', async () => {
      cluster = await findCluster(client, clusterName, signal);
      try {
        ensureUsable(clusterName, cluster);
        return ok('cluster', `EKS cluster ${clusterName} is ${cluster.status ?? ''}`);
      } catch (error) {
        if (error instanceof ClusterFailure) return failed('cluster', error.message);
        throw error;
      }
    });
    if (cluster === undefined) {
      return [
        finding,
        ...['access entries', 'pod identity'].map((name) => skipped(name, 'there is no cluster to look at')),
      ];
    }
    return [
      finding,
      await checkEntry(client, clusterName, {
        who: 'the state machine',
        role: roles.RunJobRole,
        group: `${namespace}:run-job`,
      }),
      await checkEntry(client, clusterName, {
        who: 'settle-job',
        role: roles.SettleJobRole,
        group: `${namespace}:settle-job`,
      }),
      await checkEntry(client, clusterName, {
        who: 'sweep',
        role: roles.SweepRole,
        group: `${namespace}:settle-job`,
      }),
      await checkPodIdentity(client, deployment),
      await checkAgent(client, cluster, clusterName),
    ];
  } finally {
    client.destroy();
  }
}

interface Entry {
  who: string;
  role: string;
  group: string;
}

const checkEntry = (client: EKSClient, clusterName: string, { who, role, group }: Entry): Promise<Finding> =>
  checkOrSkip('access entry', async () => {
    try {
      const { accessEntry } = await client.send(
        new DescribeAccessEntryCommand({ clusterName, principalArn: role }),
      );
      const groups = accessEntry?.kubernetesGroups ?? [];
      if (groups.includes(group)) return ok('access entry', `${who} is let in as ${group}`);
      return failed(
        'access entry',
        `${who} is let in as ${groups.join(', ') || 'nobody in particular'}, not as ${group}`,
        `aws eks update-access-entry --cluster-name ${clusterName} --principal-arn ${role} --kubernetes-groups ${group}`,
      );
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      return failed(
        'access entry',
        `${clusterName} does not let ${who} in: there is no entry for ${role}`,
        putBack,
      );
    }
  });

const checkPodIdentity = (
  client: EKSClient,
  { clusterName, namespace, serviceAccount, roles }: Deployment,
): Promise<Finding> =>
  checkOrSkip('pod identity', async () => {
    const { associations } = await client.send(
      new ListPodIdentityAssociationsCommand({ clusterName, namespace, serviceAccount }),
    );
    const [{ associationId } = {}] = associations ?? [];
    const whose = `service account ${serviceAccount} of namespace ${namespace}`;
    if (associationId === undefined) return failed('pod identity', `${whose} has no role`, putBack);
    const { association } = await client.send(
      new DescribePodIdentityAssociationCommand({ clusterName, associationId }),
    );
    if (association?.roleArn === roles.JobRole) return ok('pod identity', `${whose} has the job's role`);
    return failed(
      'pod identity',
      `${whose} has the role ${association?.roleArn ?? 'of nobody'}`,
      `aws eks update-pod-identity-association --cluster-name ${clusterName} --association-id ${associationId} --role-arn ${roles.JobRole}`,
    );
  });

/** What hands pods their role's credentials, on every node. */
const checkAgent = (client: EKSClient, { computeConfig }: Cluster, clusterName: string): Promise<Finding> =>
  checkOrSkip('pod identity agent', async () => {
    const check = 'pod identity agent';
    if (computeConfig?.enabled) return ok(check, 'EKS Auto Mode brings it');
    const addonName = 'eks-pod-identity-agent';
    try {
      const { addon } = await client.send(new DescribeAddonCommand({ clusterName, addonName }));
      const status = addon?.status ?? 'in no known state';
      return status === 'ACTIVE'
        ? ok(check, `add-on ${addonName} is ACTIVE`)
        : failed(check, `add-on ${addonName} is ${status}`);
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      return failed(
        check,
        `${clusterName} has no add-on ${addonName}: pods get no credentials`,
        `aws eks create-addon --cluster-name ${clusterName} --addon-name ${addonName}`,
      );
    }
  });
