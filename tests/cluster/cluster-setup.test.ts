import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import pRetry from 'p-retry';
import { EksConnection } from '../../k8s/eks-connection.ts';
import { handleRequest } from '../../k8s/setup/handle-request.ts';
import { ApiServer } from '../../k8s/api-server.ts';
import { readManifests } from '../../k8s/manifests.ts';
import { type ReceivedResponse, CloudFormation, stackId } from '../harness/cluster-setup/cloudformation.ts';
import { FakeEks, usableCluster } from '../harness/cluster-setup/fake-eks.ts';
import { denyNewRoles } from './deny-new-roles.ts';
import { serverCertificate } from '../harness/cluster/identities.ts';
import { applyObjects, kubectl } from '../harness/cluster/kubectl.ts';
import { runManifestCommand } from './manifest-command.ts';
import { startSts, type FakeSts, type Session } from '../harness/cluster/sts.ts';
import { startTokenReview, type ReviewSettings, type TokenReview } from '../harness/cluster/token-review.ts';

/**
 * cluster-setup as CloudFormation calls it, against a real API server that accepts EKS tokens as EKS does. Only AWS is a
 * fake: DescribeCluster of EKS, STS (which checks each signature), and CloudFormation, which receives responses over HTTPS.
 */

const account = '123456789012';
/**
 * Makes a new session. Tokens of one session in one second are equal, and the API server accepts a token for 10 s without
 * a review.
 */
function makeSession(role: string): Session {
  const number = String(sessions.length).padStart(4, '0');
  const session = {
    accessKeyId: `ASIATEST${number}`,
    secretAccessKey: `secret of ${role} ${number}`,
    sessionToken: `session+of/${role}${number}==`,
    arn: `arn:aws:sts::${account}:assumed-role/${role}/session`,
  };
  sessions.push(session);
  return session;
}
const sessions: Session[] = [];
const roleArn = (role: string): string => `arn:aws:iam::${account}:role/${role}`;
let setup: Session;
const administrator = {
  principalArn: roleArn('cluster-setup'),
  accessPolicies: ['arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy'],
};

const server = `https://${process.env['CLUSTER_ADDRESS'] ?? ''}`;
let authority: string;
let cloudFormation: CloudFormation;
let eks: FakeEks;
let sts: FakeSts;
let review: TokenReview;
/** The cluster's access entries in EKS. At the start of each test, only cluster-setup has one. */
let eksSettings: ReviewSettings;
/** Milliseconds by which the cluster's clock is ahead. */
let clockAhead = 0;

beforeAll(async () => {
  const { key, cert, ca } = serverCertificate();
  authority = ca;
  // Node must trust this authority, as Lambda trusts the authority of CloudFormation's addresses.
  setDefaultCACertificates([...getCACertificates(), ca]);
  cloudFormation = await CloudFormation.start({ key, cert });
  eks = await FakeEks.start();
  sts = await startSts(sessions);
  review = await startTokenReview(() => eksSettings, { now: () => Date.now() + clockAhead });
});

afterAll(() => Promise.all([cloudFormation.stop(), eks.stop(), sts.stop(), review.stop()]));

const namespaces: string[] = [];
let namespace: string;

beforeEach(() => {
  namespace = `setup-${namespaces.length}`;
  namespaces.push(namespace);
  setup = makeSession('cluster-setup');
  eksSettings = { cluster: 'main', sts: sts.url, accessEntries: [administrator] };
  clockAhead = 0;
  eks.clusters.clear();
  eks.clusters.set('main', usableCluster(server, authority));
  review.rejections.splice(0);
});

afterEach(async () => {
  await kubectl('delete', 'namespace', '--ignore-not-found', '--wait=false', namespace);
});

interface RequestOptions {
  /** Resource properties besides cluster and namespace. */
  properties?: Record<string, string>;
  id?: string;
  authorizedWithin?: number;
  /** Whether CloudFormation deletes the whole stack; default true. */
  stackIsBeingDeleted?: boolean;
  credentials?: Session;
  stack?: string;
}

/** Sends a request to cluster-setup. @returns the response that CloudFormation receives. */
async function send(
  type: 'Create' | 'Update' | 'Delete',
  options: RequestOptions = {},
): Promise<ReceivedResponse> {
  const { properties = {}, id, authorizedWithin = 30_000, credentials = setup, stack } = options;
  const { stackIsBeingDeleted = true } = options;
  const resource = {
    ClusterName: 'main',
    Namespace: namespace,
    NodeClass: 'none',
    Version: 'one',
    ...properties,
  };
  const request = {
    ...cloudFormation.request(type, resource, id),
    ...(stack !== undefined && { StackId: stack }),
  };
  await handleRequest(request, {
    client: eks.client(credentials),
    // These properties do not name a log group: it sends nothing.
    logsClient: new CloudWatchLogsClient({ region: 'eu-central-1' }),
    readSources: () => readManifests(),
    isStackBeingDeleted: () => Promise.resolve(stackIsBeingDeleted),
    remaining: () => 100_000,
    log: 'group, stream',
    authorizedWithin,
  });
  return cloudFormation.takeResponse();
}

const id = (): string => `main/${namespace}`;

/** Creates the resource and expects success. */
async function create(): Promise<ReceivedResponse> {
  const response = await send('Create');
  expect(response.Reason).toBeUndefined();
  return response;
}

const exists = async (...reference: string[]): Promise<boolean> =>
  (await kubectl('get', '--ignore-not-found', '--output=name', ...reference)) !== '';
const inNamespace = (): string[] => ['--namespace', namespace];

describe('a stack', () => {
  test('is created, updated and deleted, and can be deleted again', async () => {
    const Data = { Endpoint: server, CertificateAuthority: Buffer.from(authority).toString('base64') };
    const done = { Status: 'SUCCESS', PhysicalResourceId: id() };
    expect(await send('Create')).toMatchObject({ ...done, Data });
    // The objects are the same as those of `npm run k8s:apply`.
    expect(await runManifestCommand('diff', ...inNamespace())).toBe('');

    const readVersions = async () => {
      const output = await kubectl(
        'get',
        'roles,configmaps',
        ...inNamespace(),
        '-o',
        'jsonpath={..resourceVersion}',
      );
      return output.trim().split(' ').sort();
    };
    const before = await readVersions();
    expect(await send('Update', { id: id(), properties: { Version: 'two' } })).toMatchObject({
      ...done,
      Data,
    });
    expect(await readVersions()).toEqual(before);

    const properties = { ServiceAccount: 'other' };
    expect(await send('Update', { id: id(), properties })).toMatchObject(done);
    expect(await exists('serviceaccount', 'other', ...inNamespace())).toBe(true);
    expect(await exists('serviceaccount', 'data-processor', ...inNamespace())).toBe(false);

    for (const time of ['once', 'twice']) {
      const response = await send('Delete', { id: id() });
      expect({ time, ...response }).toMatchObject({ time, ...done });
      expect(response.Reason).toBeUndefined();
      expect(await exists('namespace', namespace)).toBe(false);
    }
  });

  test('with another namespace gets a new id, and CloudFormation deletes the old namespace by the old id', async () => {
    await create();
    const other = `${namespace}-moved`;
    namespaces.push(other);
    const moved = await send('Update', { id: id(), properties: { Namespace: other } });
    expect(moved).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: `main/${other}` });
    await send('Delete', { id: id() });
    expect(await exists('namespace', namespace)).toBe(false);
    expect(await exists('namespace', other)).toBe(true);
    await send('Delete', { id: `main/${other}` });
    expect(await exists('namespace', other)).toBe(false);
  });

  /** Runs a Job with a pod that does not end, as the state machine creates it, and waits until the pod is ready. */
  async function runJob(): Promise<void> {
    const labels = { 'eks-jobs/job-id': 'one' };
    const container = {
      name: 'one',
      image: 'localhost/pause:1',
      securityContext: {
        allowPrivilegeEscalation: false,
        runAsNonRoot: true,
        runAsUser: 65532,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      },
    };
    const spec = { restartPolicy: 'Never', serviceAccountName: 'data-processor', containers: [container] };
    await applyObjects({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'one', namespace, labels },
      spec: { backoffLimit: 0, template: { metadata: { labels }, spec } },
    });
    const pod = ['pod', '--selector=eks-jobs/job-id', ...inNamespace(), '--timeout=60s'];
    await kubectl('wait', '--for=create', ...pod);
    await kubectl('wait', '--for=condition=Ready', ...pod);
  }

  // Otherwise the pod would keep a node, and the Job would keep the namespace, after the stack is deleted.
  test('is deleted together with its running jobs', async () => {
    await create();
    await runJob();
    const response = await send('Delete', { id: id() });
    expect(response.Reason).toBeUndefined();
    expect(await exists('namespace', namespace)).toBe(false);
  });

  // CloudFormation deletes the old resource after an update that names another cluster or namespace.
  test('that is updated to another namespace does not end the jobs that run in the old one', async () => {
    await create();
    await runJob();
    const replaced = { id: id(), stackIsBeingDeleted: false };
    const kept = await send('Delete', replaced);
    expect(kept).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id() });
    expect(kept.Reason).toBe(
      `namespace ${namespace} of cluster main stays with all that was applied. Running jobs: 1. When they have ended, npm run k8s:delete removes it`,
    );
    await kubectl('wait', '--for=condition=Ready', 'pod', '--selector=eks-jobs/job-id', ...inNamespace());
    expect(await exists('role', 'run-job', ...inNamespace())).toBe(true);

    // A Job that has ended keeps nothing.
    await kubectl('delete', 'pod', '--selector=eks-jobs/job-id', ...inNamespace());
    await kubectl('wait', '--for=condition=Failed', 'job/one', ...inNamespace(), '--timeout=60s');
    expect((await send('Delete', replaced)).Reason).toBeUndefined();
    expect(await exists('namespace', namespace)).toBe(false);
  });

  test('keeps a namespace with objects of others when it is deleted, and reports them', async () => {
    await create();
    await kubectl('create', 'secret', 'generic', 'not-ours', ...inNamespace());
    const response = await send('Delete', { id: id() });
    expect(response.Status).toBe('SUCCESS');
    expect(response.Reason).toBe(`namespace ${namespace} stays, it holds Secret not-ours`);
    expect(await exists('secret', 'not-ours', ...inNamespace())).toBe(true);
    expect(await exists('role', 'run-job', ...inNamespace())).toBe(false);
  });

  test('does not change the namespace of another stack', async () => {
    await create();
    const stack = stackId.replace('dev', 'test');
    const failed = await send('Create', { stack });
    expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'nothing-was-made' });
    expect(failed.Reason).toContain(
      `namespace ${namespace} belongs to arn:aws:cloudformation:eu-central-1:${account}:stack/eks-jobs-dev`,
    );
    for (const physicalId of ['nothing-was-made', id()]) await send('Delete', { stack, id: physicalId });
    expect(await exists('role', 'run-job', ...inNamespace())).toBe(true);
    // The owner may create it again, also after k8s:apply has repaired it.
    await runManifestCommand('apply', ...inNamespace());
    expect(await send('Create', { stack: `${stackId}-again` })).toMatchObject({ Status: 'SUCCESS' });
    expect(await send('Create', { stack })).toMatchObject({ Status: 'FAILED' });
  });
});

describe('a set that cannot be applied', () => {
  test('fails a create with the reason, and leaves no objects', async () => {
    const nodes = { NodeClass: 'auto-mode', NodeRole: 'node', Architecture: 'arm64', CpuLimit: '8' };
    const failed = await send('Create', { properties: nodes });
    expect(failed.Status).toBe('FAILED');
    expect(failed.Reason).toMatch(/this cluster does not have the kind NodeClass .* it needs EKS Auto Mode/);
    expect(await exists('namespace', namespace)).toBe(false);
    const response = await send('Delete', { id: failed.PhysicalResourceId });
    expect(response).toMatchObject({ Status: 'SUCCESS' });
  });

  test('fails a move to an existing namespace, and the old namespace remains in use', async () => {
    await create();
    const other = `${namespace}-taken`;
    namespaces.push(other);
    await kubectl('create', 'namespace', other);
    const failed = await send('Update', { id: id(), properties: { Namespace: other } });
    expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: id() });
    expect(failed.Reason).toContain(`this command did not create: Namespace ${other}`);
    expect(await exists('role', 'run-job', ...inNamespace())).toBe(true);
    expect(await exists('namespace', other)).toBe(true);
    await kubectl('delete', 'namespace', other, '--wait=false');
  });

  // CloudFormation returns to the old id and never requests the deletion of the new one.
  test('completely in a new namespace is removed from there', async () => {
    await create();
    const other = `${namespace}-cut`;
    namespaces.push(other);
    const inOther = ['--namespace', other];
    await runManifestCommand('apply', ...inOther);
    await kubectl('create', 'secret', 'generic', 'not-ours', ...inOther);
    await kubectl('delete', 'role', 'run-job', ...inOther);
    const allow = await denyNewRoles(other);
    const failed = await send('Update', { id: id(), properties: { Namespace: other } });
    expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: id() });
    expect(failed.Reason).toMatch(new RegExp(`^Role run-job in ${other}: .*not now`));
    expect(await exists('role', 'settle-job', ...inOther)).toBe(false);
    expect(await exists('role', 'settle-job', ...inNamespace())).toBe(true);
    await allow();
    await kubectl('delete', 'namespace', other, '--wait=false');
  });
});

describe('a cluster that cannot be reached', () => {
  test('fails an update and a delete; the delete succeeds once it can be reached again', async () => {
    await create();
    eks.clusters.set('main', usableCluster(`${server}:444`, authority));
    for (const type of ['Update', 'Delete'] as const) {
      const response = await send(type, { id: id(), authorizedWithin: 1 });
      expect(response).toMatchObject({ Status: 'FAILED', PhysicalResourceId: id() });
      expect(response.Reason).toContain(`${server}:444 does not respond: `);
    }
    eks.clusters.set('main', usableCluster(server, authority));
    expect(await send('Delete', { id: id() })).toMatchObject({ Status: 'SUCCESS' });
    expect(await exists('namespace', namespace)).toBe(false);
  });

  // A server in between would get a token that administers the cluster for a quarter of an hour.
  test('gets no token when its certificate is of another authority', async () => {
    eks.clusters.set('main', usableCluster(server, getCACertificates('bundled')[0] ?? ''));
    const { Status, Reason } = await send('Create', { authorizedWithin: 1 });
    expect(Status).toBe('FAILED');
    expect(Reason).toMatch(/does not respond: .*certificate/);
    expect(review.rejections).toEqual([]);
  });
});

describe('an access entry', () => {
  // CloudFormation creates it just before; in EKS's API servers the entry and its policy take effect later.
  test('may take effect late: setup waits while it is first unknown and then without permissions', async () => {
    eksSettings.accessEntries = [];
    const sending = send('Create');
    await pRetry(
      () => {
        expect(review.rejections).toContain(`${setup.arn} has no access entry`);
      },
      { retries: 100, minTimeout: 100, factor: 1 },
    );
    let reads = 0;
    const { principalArn } = administrator;
    eksSettings = {
      ...eksSettings,
      get accessEntries() {
        reads += 1;
        return reads < 2 ? [{ principalArn }] : [administrator];
      },
    };
    expect(await sending).toMatchObject({ Status: 'SUCCESS' });
    expect(reads).toBeGreaterThanOrEqual(2);
  });

  test('that does not exist fails the stack, and deleting the stack succeeds', async () => {
    eksSettings.accessEntries = [];
    const failed = await send('Create', { authorizedWithin: 1 });
    expect(failed.Status).toBe('FAILED');
    expect(failed.Reason).toMatch(
      /^EKS cluster main does not authorize cluster-setup: .* \(401\)\. Its role needs an access entry with AmazonEKSClusterAdminPolicy$/,
    );
    const deleted = await send('Delete', { id: failed.PhysicalResourceId });
    expect(deleted).toMatchObject({ Status: 'SUCCESS' });
  });

  test('without the policy fails the stack with the missing permission', async () => {
    eksSettings.accessEntries = [
      { principalArn: administrator.principalArn, kubernetesGroups: ['strangers'] },
    ];
    const { Status, Reason } = await send('Create', { authorizedWithin: 1 });
    expect(Status).toBe('FAILED');
    expect(Reason).toMatch(new RegExp(`User "${setup.arn}" cannot get resource "namespaces"`));
  });

  test('of settle-job authorizes it to list Jobs, and not to list Secrets', async () => {
    const { Data = {} } = await create();
    eksSettings.accessEntries = [
      { principalArn: roleArn('service/settle-job'), kubernetesGroups: [`${namespace}:settle-job`] },
    ];
    const address = {
      name: 'main',
      endpoint: Data['Endpoint'] ?? '',
      certificateAuthority: Data['CertificateAuthority'] ?? '',
    };
    const api = new ApiServer(new EksConnection(address, eks.client(makeSession('settle-job')).config));
    const list = (kind: string) => api.get(`/${kind}/namespaces/${namespace}/jobs`, 'the jobs');
    expect(await list('apis/batch/v1')).toMatchObject({ kind: 'JobList', items: [] });
    const secrets = api.get(`/api/v1/namespaces/${namespace}/secrets`, 'the secrets');
    await expect(secrets).rejects.toThrow('(403)');
  });
});

describe('a token is rejected', () => {
  const expectRejection = async (reason: RegExp, options: RequestOptions = {}): Promise<void> => {
    const response = await send('Create', { authorizedWithin: 1, ...options });
    expect(response.Status).toBe('FAILED');
    expect(response.Reason).toMatch(/the cluster does not accept these credentials \(401\)/);
    expect(review.rejections).toContainEqual(expect.stringMatching(reason));
    expect(await exists('namespace', namespace)).toBe(false);
  };

  test('after it has expired', async () => {
    clockAhead = 16 * 60_000;
    await expectRejection(/the token has expired/);
  });

  test('when it was signed for another cluster', async () => {
    eksSettings.cluster = 'other';
    await expectRejection(/STS responded 403/);
  });

  test('when it was signed with another key or session token than the role’s', async () => {
    await expectRejection(/STS responded 403/, { credentials: { ...setup, secretAccessKey: 'stolen' } });
    await expectRejection(/STS responded 403/, { credentials: { ...setup, sessionToken: 'ended' } });
  });
});
