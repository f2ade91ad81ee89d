import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { handleRequest } from '../../../../k8s/setup/handle-request.ts';
import { readManifests } from '../../../../k8s/manifests.ts';
import { CloudFormation, type ReceivedResponse } from '../../../harness/cluster-setup/cloudformation.ts';
import { FakeApiServer } from '../../../harness/cluster-setup/fake-api-server.ts';
import { FakeEks, usableCluster } from '../../../harness/cluster-setup/fake-eks.ts';
import { FakeLogs } from '../../../harness/cluster-setup/fake-logs.ts';

/** The setup of a cluster that the stack created a moment ago. tests/cluster has the same with a real API server. */

let cloudFormation: CloudFormation;
let eks: FakeEks;
let logs: FakeLogs;
let server: FakeApiServer;

beforeEach(async () => {
  [cloudFormation, eks, logs, server] = await Promise.all([
    CloudFormation.start(),
    FakeEks.start(),
    FakeLogs.start(),
    FakeApiServer.start(),
  ]);
  eks.clusters.set('main', usableCluster(server.endpoint, server.certificate));
});

afterEach(async () => {
  await Promise.all([cloudFormation.stop(), eks.stop(), logs.stop(), server.stop()]);
});

/** As the template sends them: every value is text, and an empty one is not set. */
const properties = {
  ClusterName: 'main',
  Namespace: 'jobs',
  NodeClass: 'auto-mode',
  NodeRole: 'nodes',
  LogGroup: '/aws/containerinsights/main/application',
  LogRegion: 'eu-central-1',
  ControlPlaneLogGroup: '/aws/eks/main/cluster',
  ControlPlaneLogRetention: '30',
  Version: 'one',
};

async function send(
  type: 'Create' | 'Update' | 'Delete',
  changes: Record<string, string> = {},
  authorizedWithin = 20_000,
): Promise<ReceivedResponse> {
  const id = type === 'Create' ? undefined : 'main/jobs';
  await handleRequest(cloudFormation.request(type, { ...properties, ...changes }, id), {
    client: eks.client(),
    logsClient: logs.client(),
    readSources: () => readManifests(),
    isStackBeingDeleted: () => Promise.resolve(true),
    remaining: () => 100_000,
    log: 'group, stream',
    authorizedWithin,
  });
  return cloudFormation.takeResponse();
}

const succeeded = expect.objectContaining({ Status: 'SUCCESS', PhysicalResourceId: 'main/jobs' });

describe('a new cluster that does not serve the kinds of Auto Mode yet', () => {
  test('is waited for, so that the deploy succeeds', async () => {
    server.missing.set('eks.amazonaws.com/v1', 2);
    expect(await send('Create')).toEqual(succeeded);
    expect(server.missing.get('eks.amazonaws.com/v1')).toBe(0);
    expect(server.names).toEqual(expect.arrayContaining(['NodeClass jobs', 'NodePool jobs']));
  });

  test('is waited for no longer than an access entry, and the missing kind is named', async () => {
    server.missing.set('karpenter.sh/v1', 1000);
    const { Status, Reason } = await send('Create', {}, 1500);
    expect(Status).toBe('FAILED');
    expect(Reason).toContain('this cluster does not have the kind NodePool of karpenter.sh/v1');
  });

  test('is not waited for where nodes are your own Karpenter’s: it is not installed', async () => {
    server.missing.set('karpenter.sh/v1', 1);
    const own = { NodeClass: 'bottlerocket', BottlerocketVersion: 'v1.50.0' };
    expect((await send('Create', own)).Reason).toContain('it needs Karpenter');
  });
});

describe('the logs of the control plane', () => {
  test('are kept for the days of the retention, whether EKS or the setup creates their group', async () => {
    expect(await send('Create')).toEqual(succeeded);
    expect(logs.groups).toEqual(new Map([['/aws/eks/main/cluster', 30]]));
    expect(await send('Update', { ControlPlaneLogRetention: '90' })).toEqual(succeeded);
    expect(logs.groups.get('/aws/eks/main/cluster')).toBe(90);
  });

  // EKS would create a deleted group again, without a retention.
  test('stay after the removal, and the next deploy of the stage finds them', async () => {
    await send('Create');
    expect(await send('Delete')).toEqual(succeeded);
    expect(logs.groups.get('/aws/eks/main/cluster')).toBe(30);
    expect(await send('Create')).toEqual(succeeded);
  });

  test('are left alone in a cluster that the stack did not create', async () => {
    expect(await send('Create', { ControlPlaneLogGroup: '' })).toEqual(succeeded);
    expect(logs.groups.size).toBe(0);
  });

  // The permission is added by the same update; and EKS creates the group in the same moment.
  test.each(['AccessDeniedException', 'OperationAbortedException'])(
    'are kept although the first call is rejected (%s)',
    async (name) => {
      logs.failing = name;
      logs.failures = 1;
      expect(await send('Create')).toEqual(succeeded);
      expect(logs.groups.get('/aws/eks/main/cluster')).toBe(30);
    },
  );

  test('that may not be kept fail the deploy with the reason', async () => {
    logs.failing = 'AccessDeniedException';
    expect((await send('Create', {}, 10)).Reason).toMatch(
      /^AccessDeniedException: .*\(log: group, stream\)$/,
    );
    logs.failing = undefined;
    expect((await send('Create', { ControlPlaneLogRetention: 'long' })).Reason).toBe(
      'ControlPlaneLogRetention must be a number of days',
    );
  });
});

describe('what ships the logs of containers', () => {
  const shipped = ['Namespace jobs-logs', 'DaemonSet jobs-logs/fluent-bit', 'ConfigMap jobs-logs/fluent-bit'];

  test('is applied with the rest, and removed with it', async () => {
    await send('Create');
    expect(server.names).toEqual(expect.arrayContaining(shipped));
    expect(await send('Delete')).toEqual(succeeded);
    // Auto Mode's own setting is given back, not deleted.
    expect(server.names).toEqual(['ConfigMap kube-system/amazon-vpc-cni']);
  });

  test('is removed when containerLogs is switched off, and comes back', async () => {
    await send('Create');
    expect(await send('Update', { LogGroup: '', LogRegion: '' })).toEqual(succeeded);
    expect(server.names.filter((name) => name.includes('jobs-logs'))).toEqual([]);
    expect(server.names).toContain('NodePool jobs');
    expect(await send('Update')).toEqual(succeeded);
    expect(server.names).toEqual(expect.arrayContaining(shipped));
  });

  test('leaves its namespace to what others put there', async () => {
    await send('Create');
    server.add('/api/v1/namespaces/jobs-logs/configmaps/theirs', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'theirs', namespace: 'jobs-logs' },
    });
    expect(await send('Delete')).toEqual(succeeded);
    expect(server.names.sort()).toEqual([
      'ConfigMap jobs-logs/theirs',
      'ConfigMap kube-system/amazon-vpc-cni',
      'Namespace jobs-logs',
    ]);
  });

  test('does not take a namespace that exists already', async () => {
    server.add('/api/v1/namespaces/jobs-logs', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'jobs-logs' },
    });
    const { Status, Reason } = await send('Create');
    expect(Status).toBe('FAILED');
    expect(Reason).toContain('did not create: Namespace jobs-logs');
  });
});
