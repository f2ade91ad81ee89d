import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { handleRequest, type SetupDependencies } from '../../../../k8s/setup/handle-request.ts';
import { readManifests } from '../../../../k8s/manifests.ts';
import { type ReceivedResponse, CloudFormation } from '../../../harness/cluster-setup/cloudformation.ts';
import { FakeLogs } from '../../../harness/cluster-setup/fake-logs.ts';
import { type DescribedCluster, FakeEks, usableCluster } from '../../../harness/cluster-setup/fake-eks.ts';

/** The response to CloudFormation when nothing can be applied. A stack whose resource does not respond hangs for an hour. */

let cloudFormation: CloudFormation;
let eks: FakeEks;
let logs: FakeLogs;
const servers: Server[] = [];
const connections: Socket[] = [];

beforeEach(async () => {
  cloudFormation = await CloudFormation.start();
  eks = await FakeEks.start();
  logs = await FakeLogs.start();
});

afterEach(async () => {
  await Promise.all([cloudFormation.stop(), eks.stop(), logs.stop()]);
  for (const server of servers.splice(0)) server.close();
  for (const connection of connections.splice(0)) connection.destroy();
});

const properties = { ClusterName: 'main', Namespace: 'jobs', NodeClass: 'none', Version: 'one' };

async function send(
  type: 'Create' | 'Update' | 'Delete',
  given: Record<string, unknown>,
  id?: string,
  more: Partial<SetupDependencies> = {},
): Promise<ReceivedResponse> {
  await handleRequest(cloudFormation.request(type, given, id), {
    client: eks.client(),
    logsClient: logs.client(),
    readSources: () => readManifests(),
    isStackBeingDeleted: () => Promise.resolve(true),
    remaining: () => 600_000,
    log: 'group, stream',
    authorizedWithin: 1,
    ...more,
  });
  return cloudFormation.takeResponse();
}

/** A server that accepts connections and never responds. */
async function silentServer(): Promise<string> {
  const server = createServer((connection) => connections.push(connection));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const unreachable = usableCluster('https://127.0.0.1:2', 'none');

describe('a create', () => {
  test('with wrong properties is rejected, with each name as the template has it', async () => {
    const wrong = { ...properties, Namespace: 'kube-jobs', CpuLimit: 'many', Colour: 'red', NodeRole: '' };
    expect(await send('Create', wrong)).toEqual({
      Status: 'FAILED',
      Reason: expect.stringMatching(
        /^(?=.*Namespace must be)(?=.*CpuLimit must be)(?=.*Colour is not a parameter)/,
      ),
      PhysicalResourceId: 'nothing-was-made',
      StackId: expect.stringContaining('eks-jobs-dev'),
      RequestId: 'request-1',
      LogicalResourceId: 'ClusterSetup',
    });
    const { Reason } = await send('Create', { Namespace: 'jobs' });
    expect(Reason).toBe('ClusterName is required');
  });

  const unusable: [string, DescribedCluster | undefined, string][] = [
    ['that does not exist', undefined, 'the EKS cluster main does not exist in this region'],
    ['that is being created', { ...unreachable, status: 'CREATING' }, 'it is CREATING, not ACTIVE'],
    [
      'without access entries',
      { ...unreachable, accessConfig: { authenticationMode: 'CONFIG_MAP' } },
      'its authentication mode is CONFIG_MAP; access entries need API or API_AND_CONFIG_MAP',
    ],
    [
      'that is private',
      { ...unreachable, resourcesVpcConfig: { endpointPublicAccess: false } },
      'its API endpoint is not public, and Step Functions can reach only a public one',
    ],
    [
      'that is open to some addresses',
      {
        ...unreachable,
        resourcesVpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ['10.0.0.0/8'] },
      },
      'its API endpoint is open to 10.0.0.0/8 only',
    ],
  ];
  test.each(unusable)('in a cluster %s reports what to change', async (_which, described, reason) => {
    if (described) eks.clusters.set('main', described);
    const response = await send('Create', properties);
    expect(response).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'nothing-was-made' });
    expect(response.Reason).toContain(reason);
  });

  test('without permission to describe the cluster reports that, and where the log is', async () => {
    eks.denied = true;
    const { Status, Reason } = await send('Create', properties);
    expect(Status).toBe('FAILED');
    expect(Reason).toMatch(/^AccessDeniedException: .*eks:DescribeCluster.* \(log: group, stream\)$/);
  });

  test('gets a response even when the function’s own files are missing', async () => {
    const readSources = () => readManifests('/nowhere');
    const { Status, Reason } = await send('Create', properties, undefined, { readSources });
    expect(Status).toBe('FAILED');
    expect(Reason).toContain('ENOENT');
  });

  test('in a cluster that cannot be reached reports its address', async () => {
    eks.clusters.set('main', unreachable);
    const { Status, Reason } = await send('Create', properties);
    expect(Status).toBe('FAILED');
    expect(Reason).toMatch(/^the API server https:\/\/127.0.0.1:2 does not respond: .*ECONNREFUSED/);
  });

  // Lambda would end the function before it responds.
  test('gets a response before the function’s time is up, whatever is still awaited', async () => {
    eks.clusters.set('main', usableCluster(await silentServer(), 'none'));
    const started = performance.now();
    const { Status, Reason } = await send('Create', properties, undefined, { remaining: () => 6000 });
    expect(Status).toBe('FAILED');
    expect(Reason).toBe('it took longer than 3 s; the last step: nothing');
    expect(performance.now() - started).toBeLessThan(6000);
  });
});

describe('an update', () => {
  // After a failed response with another id, CloudFormation would delete what runs.
  test('that fails keeps the id', async () => {
    const failed = { Status: 'FAILED', PhysicalResourceId: 'main/jobs' };
    expect(await send('Update', { ...properties, ClusterName: 'other' }, 'main/jobs')).toMatchObject(failed);
    expect(await send('Update', { ...properties, CpuLimit: '0' }, 'main/jobs')).toMatchObject(failed);
  });
});

describe('a delete', () => {
  const succeeded = { Status: 'SUCCESS', PhysicalResourceId: 'main/jobs' };

  test('succeeds when the cluster is gone, or going', async () => {
    expect(await send('Delete', properties, 'main/jobs')).toMatchObject(succeeded);
    eks.clusters.set('main', { ...unreachable, status: 'DELETING' });
    expect(await send('Delete', properties, 'main/jobs')).toMatchObject(succeeded);
  });

  // A create that was rejected is followed by a delete. If that failed too, the stack could not be removed.
  test('after a rejected create makes no request', async () => {
    eks.denied = true;
    const { PhysicalResourceId: id } = await send('Create', { Namespace: 'jobs' });
    expect(await send('Delete', { Namespace: 'jobs' }, id)).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: id,
    });
  });

  test('in a cluster that exists and cannot be reached fails: nodes would be left that cost money', async () => {
    eks.clusters.set('main', unreachable);
    const response = await send('Delete', properties, 'main/jobs');
    expect(response).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'main/jobs' });
    expect(response.Reason).toContain('does not respond');
  });
});

test('a request without an address for the response fails, so that the function’s errors count it', async () => {
  const request = { ...cloudFormation.request('Create', properties), ResponseURL: 'file:///etc/passwd' };
  const dependencies = {
    client: eks.client(),
    logsClient: logs.client(),
    readSources: () => ({}),
    isStackBeingDeleted: () => Promise.resolve(true),
    remaining: () => 60_000,
    log: '',
  };
  await expect(handleRequest(request, dependencies)).rejects.toThrow('ResponseURL');
});
