import {
  DescribeAccessEntryCommand,
  DescribeAddonCommand,
  DescribePodIdentityAssociationCommand,
  EKSClient,
  ListPodIdentityAssociationsCommand,
  ResourceNotFoundException,
  type Cluster,
} from '@aws-sdk/client-eks';
import { groupsOf, type RoleWithAccess } from '../../k8s/access-groups.ts';
import { ensureUsable, findCluster } from '../../k8s/eks-cluster.ts';
import { ClusterFailure } from '../../k8s/failure.ts';
import type { AwsOptions } from '../api/credentials.ts';
import { checkOrSkip, failed, type Finding, ok, skipped } from './finding.ts';
import type { Deployment } from './stack.ts';

/** CloudFormation does not notice what was deleted by hand, so that a deploy alone does not create it again. */
const recreateAdvice =
  'It was deleted after the deploy: create it again, or run `npx sls remove` and `npx sls deploy`.';

/** Checks with EKS whether jobs can run in the stack's cluster: the cluster, the access entries, and the pods' role. */
export async function checkCluster(
  deployment: Deployment,
  options: AwsOptions,
  signal: AbortSignal,
): Promise<Finding[]> {
  const client = new EKSClient(options);
  const { clusterName } = deployment;
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
        ...['access entries', 'pod identity'].map((name) => skipped(name, 'the cluster was not found')),
      ];
    }
    return [
      finding,
      await checkEntry(client, deployment, 'RunJobRole', 'the state machine'),
      await checkEntry(client, deployment, 'SettleJobRole', 'settle-job'),
      await checkEntry(client, deployment, 'SweepRole', 'sweep'),
      await checkPodIdentity(client, deployment),
      await checkAgent(client, cluster, clusterName),
    ];
  } finally {
    client.destroy();
  }
}

/** Checks that a role has every group that it needs. The advice names all groups, because the call replaces the list. */
const checkEntry = (
  client: EKSClient,
  { clusterName, namespace, roles }: Deployment,
  role: RoleWithAccess,
  component: string,
): Promise<Finding> =>
  checkOrSkip('access entry', async () => {
    const principalArn = roles[role];
    const required = groupsOf(role, namespace);
    try {
      const { accessEntry } = await client.send(
        new DescribeAccessEntryCommand({ clusterName, principalArn }),
      );
      const groups = accessEntry?.kubernetesGroups ?? [];
      const missing = required.filter((group) => !groups.includes(group));
      if (missing.length === 0) {
        return ok('access entry', `${component} has the Kubernetes groups ${required.join(', ')}`);
      }
      const complete = [...new Set([...required, ...groups])].join(' ');
      return failed(
        'access entry',
        `${component} lacks the Kubernetes groups ${missing.join(', ')}; its access entry has ${groups.join(', ') || 'none'}`,
        `aws eks update-access-entry --cluster-name ${clusterName} --principal-arn ${principalArn} --kubernetes-groups ${complete}`,
      );
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      return failed(
        'access entry',
        `${component} cannot access ${clusterName}: the access entry for ${principalArn} is missing`,
        recreateAdvice,
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
    const subject = `service account ${serviceAccount} of namespace ${namespace}`;
    if (associationId === undefined) return failed('pod identity', `${subject} has no role`, recreateAdvice);
    const { association } = await client.send(
      new DescribePodIdentityAssociationCommand({ clusterName, associationId }),
    );
    if (association?.roleArn === roles.JobRole) return ok('pod identity', `${subject} has the job's role`);
    return failed(
      'pod identity',
      `${subject} has the role ${association?.roleArn ?? 'unknown'}`,
      `aws eks update-pod-identity-association --cluster-name ${clusterName} --association-id ${associationId} --role-arn ${roles.JobRole}`,
    );
  });

/** Checks the agent that gives pods the credentials of their role, on every node. */
const checkAgent = (client: EKSClient, { computeConfig }: Cluster, clusterName: string): Promise<Finding> =>
  checkOrSkip('pod identity agent', async () => {
    const check = 'pod identity agent';
    if (computeConfig?.enabled) return ok(check, 'EKS Auto Mode includes it');
    const addonName = 'eks-pod-identity-agent';
    try {
      const { addon } = await client.send(new DescribeAddonCommand({ clusterName, addonName }));
      const status = addon?.status ?? 'in an unknown state';
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
