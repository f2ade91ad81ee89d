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

/** A deploy alone does not repair this: CloudFormation does not see that a resource of its stack was deleted by hand. */
const recreateAdvice =
  'It was deleted after the deploy. Create it again, or run `npx sls remove` and `npx sls deploy`.';

/** Checks what EKS knows about the stack's cluster: its state, its access entries, and the pods' role. */
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
        ...['access entries', 'pod identity'].map((name) => skipped(name, 'the cluster was not found')),
      ];
    }
    return [
      finding,
      await checkEntry(client, clusterName, {
        caller: 'the state machine',
        role: roles.RunJobRole,
        group: `${namespace}:run-job`,
      }),
      await checkEntry(client, clusterName, {
        caller: 'settle-job',
        role: roles.SettleJobRole,
        group: `${namespace}:settle-job`,
      }),
      await checkEntry(client, clusterName, {
        caller: 'sweep',
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

interface RequiredEntry {
  caller: string;
  role: string;
  group: string;
}

const checkEntry = (
  client: EKSClient,
  clusterName: string,
  { caller, role, group }: RequiredEntry,
): Promise<Finding> =>
  checkOrSkip('access entry', async () => {
    try {
      const { accessEntry } = await client.send(
        new DescribeAccessEntryCommand({ clusterName, principalArn: role }),
      );
      const groups = accessEntry?.kubernetesGroups ?? [];
      if (groups.includes(group)) return ok('access entry', `${caller} has access as ${group}`);
      return failed(
        'access entry',
        `${caller} has access as ${groups.join(', ') || 'a caller without groups'}, not as ${group}`,
        `aws eks update-access-entry --cluster-name ${clusterName} --principal-arn ${role} --kubernetes-groups ${group}`,
      );
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      return failed(
        'access entry',
        `${caller} has no access to ${clusterName}: the entry of ${role} does not exist`,
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
