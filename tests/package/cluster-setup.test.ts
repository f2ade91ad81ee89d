import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { CloudFormation } from '../harness/cluster-setup/cloudformation.ts';
import { usableCluster } from '../harness/cluster-setup/fake-eks.ts';
import { functionsOf } from '../harness/package/functions.ts';
import { invoke, type Responses } from './invocation.ts';
import { packaged } from '../harness/package/packaged.ts';
import { permissionsOf } from './permissions.ts';

/**
 * The zip of cluster-setup. tests/cluster tests it with a real cluster; this tests what only the package can break: the manifests
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

async function create(responses: Responses) {
  if (setup === undefined) throw new Error('the package has no clusterSetup');
  const invocation = await invoke(setup, cloudFormation.request('Create', properties), responses);
  return { ...invocation, response: cloudFormation.takeResponse() };
}

test('finds its manifests, calls only EKS, and reports why it fails', async () => {
  const none = { __type: 'ResourceNotFoundException', message: 'none' };
  const { response, calls, error } = await create({ [describe]: { status: 404, body: none } });
  expect(error).toBeUndefined();
  expect(response.Reason).toBe('the EKS cluster main does not exist in this region');
  expect(calls).toEqual([describe]);
  const actions = permissionsOf(service.template)[setup?.role ?? '']?.flatMap(({ Action }) => Action);
  expect(actions).toContain('eks:DescribeCluster');
});

test('connects to the cluster with a token, and responds before its time is over', async () => {
  let connections = 0;
  const server = createServer((connection) => {
    connections += 1;
    connection.destroy();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { response } = await create({ [describe]: { body: { cluster: usableCluster(endpoint, 'none') } } });
  // It connects after it has signed a token.
  expect(connections).toBeGreaterThan(0);
  // The invocation has 10 s.
  expect(response).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'nothing-was-made' });
  expect(response.Reason).toMatch(
    /^it took longer than 5 s; the last step: the API server \S+ does not respond/,
  );
});
