import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { CloudFormation } from '../harness/cluster-setup/cloudformation.ts';
import { usableCluster } from '../harness/cluster-setup/fake-eks.ts';
import { functionsOf } from '../harness/package/functions.ts';
import { invoke, type Answers } from './invocation.ts';
import { packaged } from '../harness/package/packaged.ts';
import { permissionsOf } from './permissions.ts';

/**
 * cluster-setup's zip. What it does to a real cluster is tests/cluster's matter; here is what only the package can break: the manifests
 * beside the bundle, the Kubernetes client inside it, and the role.
 */
const service = packaged();
const setup = functionsOf(service).find(({ name }) => name === 'clusterSetup');
const properties = { ClusterName: 'main', Namespace: 'jobs', NodeClass: 'none', Version: 'one' };
const describe = 'GET /clusters/main';

let cloudFormation: CloudFormation;
const servers: Server[] = [];

beforeEach(async () => {
  cloudFormation = await CloudFormation.start();
});
afterEach(async () => {
  await cloudFormation.stop();
  for (const server of servers.splice(0)) server.close();
});

async function create(answers: Answers) {
  if (setup === undefined) throw new Error('the package holds no clusterSetup');
  const invocation = await invoke(setup, cloudFormation.request('Create', properties), answers);
  return { ...invocation, told: cloudFormation.takeResponse() };
}

test('finds its manifests, asks EKS alone, and says why it cannot go on', async () => {
  const none = { __type: 'ResourceNotFoundException', message: 'none' };
  const { told, calls, error } = await create({ [describe]: { status: 404, body: none } });
  expect(error).toBeUndefined();
  expect(told.Reason).toBe('there is no EKS cluster main in this region');
  expect(calls).toEqual([describe]);
  const actions = permissionsOf(service.template)[setup?.role ?? '']?.flatMap(({ Action }) => Action);
  expect(actions).toContain('eks:DescribeCluster');
});

test('enters the cluster with a token, and answers before its time is up', async () => {
  let connections = 0;
  const server = createServer((connection) => {
    connections += 1;
    connection.destroy();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { told } = await create({ [describe]: { body: { cluster: usableCluster(endpoint, 'none') } } });
  // It connects when it has signed a token.
  expect(connections).toBeGreaterThan(0);
  // The invocation is given 10 s.
  expect(told).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'nothing-was-made' });
  expect(told.Reason).toMatch(/^it took longer than 5 s; the last of it: the API server \S+ does not answer/);
});
