import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { respond, type Surroundings } from '../../../../k8s/setup/respond.ts';
import { readManifests } from '../../../../k8s/manifests.ts';
import { type ReceivedResponse, CloudFormation } from '../../../harness/cluster-setup/cloudformation.ts';
import { type DescribedCluster, FakeEks, usableCluster } from '../../../harness/cluster-setup/fake-eks.ts';

/** What CloudFormation is told when nothing can be applied. A stack whose resource does not answer hangs for an hour. */

let cloudFormation: CloudFormation;
let eks: FakeEks;
const servers: Server[] = [];
const connections: Socket[] = [];

beforeEach(async () => {
  cloudFormation = await CloudFormation.start();
  eks = await FakeEks.start();
});

afterEach(async () => {
  await Promise.all([cloudFormation.stop(), eks.stop()]);
  for (const server of servers.splice(0)) server.close();
  for (const connection of connections.splice(0)) connection.destroy();
});

const properties = { ClusterName: 'main', Namespace: 'jobs', NodeClass: 'none', Version: 'one' };

async function ask(
  type: 'Create' | 'Update' | 'Delete',
  given: Record<string, unknown>,
  id?: string,
  more: Partial<Surroundings> = {},
): Promise<ReceivedResponse> {
  await respond(cloudFormation.request(type, given, id), {
    client: eks.client(),
    readSources: () => readManifests(),
    remaining: () => 600_000,
    log: 'group, stream',
    settling: 1,
    ...more,
  });
  return cloudFormation.takeResponse();
}

/** A server that takes connections and never says a word. */
async function silence(): Promise<string> {
  const server = createServer((connection) => connections.push(connection));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const nowhere = usableCluster('https://127.0.0.1:2', 'none');

describe('a create', () => {
  test('with wrong properties is refused, naming each as the template has it', async () => {
    const wrong = { ...properties, Namespace: 'kube-jobs', CpuLimit: 'many', Colour: 'red', NodeRole: '' };
    expect(await ask('Create', wrong)).toEqual({
      Status: 'FAILED',
      Reason: expect.stringMatching(
        /^(?=.*Namespace must be)(?=.*CpuLimit must be)(?=.*Colour is no parameter)/,
      ),
      PhysicalResourceId: 'nothing-was-made',
      StackId: expect.stringContaining('eks-jobs-dev'),
      RequestId: 'request-1',
      LogicalResourceId: 'ClusterSetup',
    });
    const { Reason } = await ask('Create', { Namespace: 'jobs' });
    expect(Reason).toBe('ClusterName is needed');
  });

  const refusals: [string, DescribedCluster | undefined, string][] = [
    ['that is not there', undefined, 'there is no EKS cluster main in this region'],
    ['that is being made', { ...nowhere, status: 'CREATING' }, 'it is CREATING, not ACTIVE'],
    [
      'without access entries',
      { ...nowhere, accessConfig: { authenticationMode: 'CONFIG_MAP' } },
      'its authentication mode is CONFIG_MAP; access entries need API or API_AND_CONFIG_MAP',
    ],
    [
      'that is private',
      { ...nowhere, resourcesVpcConfig: { endpointPublicAccess: false } },
      'its API endpoint is not public, and Step Functions reaches no other',
    ],
    [
      'that is open to some addresses',
      { ...nowhere, resourcesVpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ['10.0.0.0/8'] } },
      'its API endpoint is open to 10.0.0.0/8 only',
    ],
  ];
  test.each(refusals)('in a cluster %s says what to change', async (_which, described, reason) => {
    if (described) eks.clusters.set('main', described);
    const answer = await ask('Create', properties);
    expect(answer).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'nothing-was-made' });
    expect(answer.Reason).toContain(reason);
  });

  test('that may not describe the cluster says so, and where the log is', async () => {
    eks.denied = true;
    const { Status, Reason } = await ask('Create', properties);
    expect(Status).toBe('FAILED');
    expect(Reason).toMatch(/^AccessDeniedException: .*eks:DescribeCluster.* \(log: group, stream\)$/);
  });

  test('is answered even when the function’s own files are missing', async () => {
    const readSources = () => readManifests('/nowhere');
    const { Status, Reason } = await ask('Create', properties, undefined, { readSources });
    expect(Status).toBe('FAILED');
    expect(Reason).toContain('ENOENT');
  });

  test('in a cluster that nobody reaches names its address', async () => {
    eks.clusters.set('main', nowhere);
    const { Status, Reason } = await ask('Create', properties);
    expect(Status).toBe('FAILED');
    expect(Reason).toMatch(/^the API server https:\/\/127.0.0.1:2 does not respond: .*ECONNREFUSED/);
  });

  // Lambda would end the function in the middle, and nobody would answer.
  test('is answered before the function’s time is up, whatever is still awaited', async () => {
    eks.clusters.set('main', usableCluster(await silence(), 'none'));
    const started = performance.now();
    const { Status, Reason } = await ask('Create', properties, undefined, { remaining: () => 6000 });
    expect(Status).toBe('FAILED');
    expect(Reason).toBe('it took longer than 3 s; the last of it: nothing');
    expect(performance.now() - started).toBeLessThan(6000);
  });
});

describe('an update', () => {
  // A failed answer with another id would have CloudFormation delete what runs.
  test('that fails keeps the id', async () => {
    const failed = { Status: 'FAILED', PhysicalResourceId: 'main/jobs' };
    expect(await ask('Update', { ...properties, ClusterName: 'other' }, 'main/jobs')).toMatchObject(failed);
    expect(await ask('Update', { ...properties, CpuLimit: '0' }, 'main/jobs')).toMatchObject(failed);
  });
});

describe('a delete', () => {
  const succeeded = { Status: 'SUCCESS', PhysicalResourceId: 'main/jobs' };

  test('succeeds when the cluster is gone, or going', async () => {
    expect(await ask('Delete', properties, 'main/jobs')).toMatchObject(succeeded);
    eks.clusters.set('main', { ...nowhere, status: 'DELETING' });
    expect(await ask('Delete', properties, 'main/jobs')).toMatchObject(succeeded);
  });

  // A create that was refused is followed by a delete; were that refused too, the stack could not be removed.
  test('after a refused create asks nobody', async () => {
    eks.denied = true;
    const { PhysicalResourceId: id } = await ask('Create', { Namespace: 'jobs' });
    expect(await ask('Delete', { Namespace: 'jobs' }, id)).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: id,
    });
  });

  test('where the cluster is there and cannot be reached fails: nodes would be left that cost money', async () => {
    eks.clusters.set('main', nowhere);
    const answer = await ask('Delete', properties, 'main/jobs');
    expect(answer).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'main/jobs' });
    expect(answer.Reason).toContain('does not respond');
  });
});

test('what has no address to answer at fails, so that the function’s errors count it', async () => {
  const request = { ...cloudFormation.request('Create', properties), ResponseURL: 'file:///etc/passwd' };
  const surroundings = { client: eks.client(), readSources: () => ({}), remaining: () => 60_000, log: '' };
  await expect(respond(request, surroundings)).rejects.toThrow('ResponseURL');
});
