import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import pRetry from 'p-retry';
import { EksConnection } from '../../k8s/eks-connection.ts';
import { respond } from '../../k8s/setup/respond.ts';
import { ApiServer } from '../../k8s/api-server.ts';
import { readManifests } from '../../k8s/manifests.ts';
import { type Answer, CloudFormation, stackId } from '../harness/cluster-setup/cloudformation.ts';
import { FakeEks, usable } from '../harness/cluster-setup/fake-eks.ts';
import { denyNewRoles } from './deny-new-roles.ts';
import { serverCertificate } from '../harness/cluster/identities.ts';
import { applyObjects, kubectl } from '../harness/cluster/kubectl.ts';
import { manifestsDone } from './manifest-command.ts';
import { startSts, type FakeSts, type Session } from '../harness/cluster/sts.ts';
import { startTokenReview, type ReviewSettings, type TokenReview } from '../harness/cluster/token-review.ts';

/**
 * cluster-setup as CloudFormation calls it, against a real API server that admits EKS tokens as EKS does. Only AWS is played: EKS's
 * DescribeCluster, STS (which checks each signature), and CloudFormation's end of the answers, over HTTPS.
 */

const account = '123456789012';
/** A new one each time: two tokens of one second and one session are the same, and one that was accepted is so for 10 s. */
function session(role: string): Session {
  const number = String(sessions.length).padStart(4, '0');
  const made = {
    accessKeyId: `ASIATEST${number}`,
    secretAccessKey: `secret of ${role} ${number}`,
    sessionToken: `session+of/${role}${number}==`,
    arn: `arn:aws:sts::${account}:assumed-role/${role}/session`,
  };
  sessions.push(made);
  return made;
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
/** What EKS knows; each test begins with setup as the one that is let in. */
let known: ReviewSettings;
/** How far the cluster's clock is ahead, in milliseconds. */
let ahead = 0;

beforeAll(async () => {
  const { key, cert, ca } = serverCertificate();
  authority = ca;
  // As Lambda trusts the authority of CloudFormation's addresses.
  setDefaultCACertificates([...getCACertificates(), ca]);
  cloudFormation = await CloudFormation.start({ key, cert });
  eks = await FakeEks.start();
  sts = await startSts(sessions);
  review = await startTokenReview(() => known, { now: () => Date.now() + ahead });
});

afterAll(() => Promise.all([cloudFormation.stop(), eks.stop(), sts.stop(), review.stop()]));

const namespaces: string[] = [];
let namespace: string;

beforeEach(() => {
  namespace = `setup-${namespaces.length}`;
  namespaces.push(namespace);
  setup = session('cluster-setup');
  known = { cluster: 'main', sts: sts.url, accessEntries: [administrator] };
  ahead = 0;
  eks.clusters.clear();
  eks.clusters.set('main', usable(server, authority));
  review.refusals.splice(0);
});

afterEach(async () => {
  await kubectl('delete', 'namespace', '--ignore-not-found', '--wait=false', namespace);
});

interface Asking {
  /** Besides cluster and namespace. */
  properties?: Record<string, string>;
  id?: string;
  settling?: number;
  credentials?: Session;
  stack?: string;
}

async function ask(type: 'Create' | 'Update' | 'Delete', asking: Asking = {}): Promise<Answer> {
  const { properties = {}, id, settling = 30_000, credentials = setup, stack } = asking;
  const all = { ClusterName: 'main', Namespace: namespace, NodeClass: 'none', Version: 'one', ...properties };
  const request = {
    ...cloudFormation.request(type, all, id),
    ...(stack !== undefined && { StackId: stack }),
  };
  await respond(request, {
    client: eks.client(credentials),
    readSources: () => readManifests(),
    remaining: () => 100_000,
    log: 'group, stream',
    settling,
  });
  return cloudFormation.answer();
}

const id = (): string => `main/${namespace}`;

async function created(): Promise<Answer> {
  const answer = await ask('Create');
  expect(answer.Reason).toBeUndefined();
  return answer;
}

const exists = async (...reference: string[]): Promise<boolean> =>
  (await kubectl('get', '--ignore-not-found', '--output=name', ...reference)) !== '';
const here = (): string[] => ['--namespace', namespace];

describe('a stack', () => {
  test('is set up, updated and removed, and removed again', async () => {
    const Data = { Endpoint: server, CertificateAuthority: Buffer.from(authority).toString('base64') };
    const done = { Status: 'SUCCESS', PhysicalResourceId: id() };
    expect(await ask('Create')).toMatchObject({ ...done, Data });
    // The same set as `npm run k8s:apply` would have applied.
    expect(await manifestsDone('diff', ...here())).toBe('');

    const versions = async () => {
      const shown = await kubectl('get', 'roles,configmaps', ...here(), '-o', 'jsonpath={..resourceVersion}');
      return shown.trim().split(' ').sort();
    };
    const before = await versions();
    expect(await ask('Update', { id: id(), properties: { Version: 'two' } })).toMatchObject({
      ...done,
      Data,
    });
    expect(await versions()).toEqual(before);

    const properties = { ServiceAccount: 'other' };
    expect(await ask('Update', { id: id(), properties })).toMatchObject(done);
    expect(await exists('serviceaccount', 'other', ...here())).toBe(true);
    expect(await exists('serviceaccount', 'data-processor', ...here())).toBe(false);

    for (const time of ['once', 'twice']) {
      const answer = await ask('Delete', { id: id() });
      expect({ time, ...answer }).toMatchObject({ time, ...done });
      expect(answer.Reason).toBeUndefined();
      expect(await exists('namespace', namespace)).toBe(false);
    }
  });

  test('that moves gets a new id, and the old place goes by the old one', async () => {
    await created();
    const other = `${namespace}-moved`;
    namespaces.push(other);
    const moved = await ask('Update', { id: id(), properties: { Namespace: other } });
    expect(moved).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: `main/${other}` });
    await ask('Delete', { id: id() });
    expect(await exists('namespace', namespace)).toBe(false);
    expect(await exists('namespace', other)).toBe(true);
    await ask('Delete', { id: `main/${other}` });
    expect(await exists('namespace', other)).toBe(false);
  });

  // Otherwise the job's pod would keep a node, and its Jobs the namespace, after everything else of the stack is gone.
  test('is removed with the jobs that are under way', async () => {
    await created();
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
      spec: { template: { metadata: { labels }, spec } },
    });
    const pod = ['pod', '--selector=eks-jobs/job-id', ...here(), '--timeout=60s'];
    await kubectl('wait', '--for=create', ...pod);
    await kubectl('wait', '--for=condition=Ready', ...pod);
    const answer = await ask('Delete', { id: id() });
    expect(answer.Reason).toBeUndefined();
    expect(await exists('namespace', namespace)).toBe(false);
  });

  test('leaves what others put into its namespace, and says so', async () => {
    await created();
    await kubectl('create', 'secret', 'generic', 'not-ours', ...here());
    const answer = await ask('Delete', { id: id() });
    expect(answer.Status).toBe('SUCCESS');
    expect(answer.Reason).toBe(`namespace ${namespace} stays, it holds Secret not-ours`);
    expect(await exists('secret', 'not-ours', ...here())).toBe(true);
    expect(await exists('role', 'run-job', ...here())).toBe(false);
  });

  test('does not touch the namespace of another', async () => {
    await created();
    const stack = stackId.replace('dev', 'test');
    const refused = await ask('Create', { stack });
    expect(refused).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'nothing-was-made' });
    expect(refused.Reason).toContain(
      `namespace ${namespace} belongs to arn:aws:cloudformation:eu-central-1:${account}:stack/eks-jobs-dev`,
    );
    for (const own of ['nothing-was-made', id()]) await ask('Delete', { stack, id: own });
    expect(await exists('role', 'run-job', ...here())).toBe(true);
    // Made again after its end, or repaired by hand, it is still the owner.
    await manifestsDone('apply', ...here());
    expect(await ask('Create', { stack: `${stackId}-again` })).toMatchObject({ Status: 'SUCCESS' });
    expect(await ask('Create', { stack })).toMatchObject({ Status: 'FAILED' });
  });
});

describe('what cannot be applied', () => {
  test('is named, and leaves nothing', async () => {
    const nodes = { NodeClass: 'auto-mode', NodeRole: 'node', Architecture: 'arm64', CpuLimit: '8' };
    const refused = await ask('Create', { properties: nodes });
    expect(refused.Status).toBe('FAILED');
    expect(refused.Reason).toMatch(/this cluster knows no NodeClass .* it needs EKS Auto Mode/);
    expect(await exists('namespace', namespace)).toBe(false);
    const answer = await ask('Delete', { id: refused.PhysicalResourceId });
    expect(answer).toMatchObject({ Status: 'SUCCESS' });
  });

  test('to a new place leaves the old one in force, and nothing in the new', async () => {
    await created();
    const other = `${namespace}-taken`;
    namespaces.push(other);
    await kubectl('create', 'namespace', other);
    const failed = await ask('Update', { id: id(), properties: { Namespace: other } });
    expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: id() });
    expect(failed.Reason).toContain(`not made by this command: Namespace ${other}`);
    expect(await exists('role', 'run-job', ...here())).toBe(true);
    expect(await exists('namespace', other)).toBe(true);
    await kubectl('delete', 'namespace', other, '--wait=false');
  });

  // CloudFormation goes back to the old id, and never asks for the new one's deletion.
  test('as a whole in a new place is taken back there', async () => {
    await created();
    const other = `${namespace}-cut`;
    namespaces.push(other);
    const there = ['--namespace', other];
    await manifestsDone('apply', ...there);
    await kubectl('create', 'secret', 'generic', 'not-ours', ...there);
    await kubectl('delete', 'role', 'run-job', ...there);
    const allow = await denyNewRoles(other);
    const failed = await ask('Update', { id: id(), properties: { Namespace: other } });
    expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: id() });
    expect(failed.Reason).toMatch(new RegExp(`^Role run-job in ${other}: .*not now`));
    expect(await exists('role', 'settle-job', ...there)).toBe(false);
    expect(await exists('role', 'settle-job', ...here())).toBe(true);
    await allow();
    await kubectl('delete', 'namespace', other, '--wait=false');
  });
});

describe('a cluster that cannot be reached', () => {
  test('fails a create and a delete; once it is back the delete succeeds', async () => {
    await created();
    eks.clusters.set('main', usable(`${server}:444`, authority));
    for (const type of ['Update', 'Delete'] as const) {
      const answer = await ask(type, { id: id(), settling: 1 });
      expect(answer).toMatchObject({ Status: 'FAILED', PhysicalResourceId: id() });
      expect(answer.Reason).toContain(`${server}:444 does not answer: `);
    }
    eks.clusters.set('main', usable(server, authority));
    expect(await ask('Delete', { id: id() })).toMatchObject({ Status: 'SUCCESS' });
    expect(await exists('namespace', namespace)).toBe(false);
  });

  // Somebody in between would get a token that administers the cluster for a quarter of an hour.
  test('is not spoken to when its certificate is another authority’s', async () => {
    eks.clusters.set('main', usable(server, getCACertificates('bundled')[0] ?? ''));
    const { Status, Reason } = await ask('Create', { settling: 1 });
    expect(Status).toBe('FAILED');
    expect(Reason).toMatch(/does not answer: .*certificate/);
    expect(review.refusals).toEqual([]);
  });
});

describe('an access entry', () => {
  // CloudFormation makes it just before; EKS's API servers learn of it, and of its policy, later.
  test('may settle while setup waits: first nobody is known, then nothing is allowed', async () => {
    known.accessEntries = [];
    const asking = ask('Create');
    await pRetry(
      () => {
        expect(review.refusals).toContain(`${setup.arn} has no access entry`);
      },
      { retries: 100, minTimeout: 100, factor: 1 },
    );
    let asked = 0;
    const { principalArn } = administrator;
    known = {
      ...known,
      get accessEntries() {
        asked += 1;
        return asked < 2 ? [{ principalArn }] : [administrator];
      },
    };
    expect(await asking).toMatchObject({ Status: 'SUCCESS' });
    expect(asked).toBeGreaterThanOrEqual(2);
  });

  test('that never comes fails the stack, and its removal succeeds', async () => {
    known.accessEntries = [];
    const refused = await ask('Create', { settling: 1 });
    expect(refused.Status).toBe('FAILED');
    expect(refused.Reason).toMatch(
      /^EKS cluster main does not let cluster-setup in: .* \(401\)\. Its role needs an access entry with AmazonEKSClusterAdminPolicy$/,
    );
    const removed = await ask('Delete', { id: refused.PhysicalResourceId });
    expect(removed).toMatchObject({ Status: 'SUCCESS' });
  });

  test('without the policy fails the stack too, with what was not allowed', async () => {
    known.accessEntries = [{ principalArn: administrator.principalArn, kubernetesGroups: ['nobody'] }];
    const { Status, Reason } = await ask('Create', { settling: 1 });
    expect(Status).toBe('FAILED');
    expect(Reason).toMatch(new RegExp(`User "${setup.arn}" cannot get resource "namespaces"`));
  });

  test('of settle-job lets it do what settle-job does, and no more', async () => {
    const { Data = {} } = await created();
    known.accessEntries = [
      { principalArn: roleArn('service/settle-job'), kubernetesGroups: [`${namespace}:settle-job`] },
    ];
    const address = {
      name: 'main',
      endpoint: Data['Endpoint'] ?? '',
      certificateAuthority: Data['CertificateAuthority'] ?? '',
    };
    const api = new ApiServer(new EksConnection(address, eks.client(session('settle-job')).config));
    const list = (kind: string) => api.get(`/${kind}/namespaces/${namespace}/jobs`, 'the jobs');
    expect(await list('apis/batch/v1')).toMatchObject({ kind: 'JobList', items: [] });
    const secrets = api.get(`/api/v1/namespaces/${namespace}/secrets`, 'the secrets');
    await expect(secrets).rejects.toThrow('(403)');
  });
});

describe('a token is refused', () => {
  const refused = async (why: RegExp, asking: Asking = {}): Promise<void> => {
    const answer = await ask('Create', { settling: 1, ...asking });
    expect(answer.Status).toBe('FAILED');
    expect(answer.Reason).toMatch(/the cluster does not accept these credentials \(401\)/);
    expect(review.refusals).toContainEqual(expect.stringMatching(why));
    expect(await exists('namespace', namespace)).toBe(false);
  };

  test('once it has expired', async () => {
    ahead = 16 * 60_000;
    await refused(/the token has expired/);
  });

  test('when it was signed for another cluster', async () => {
    known.cluster = 'other';
    await refused(/STS answered 403/);
  });

  test('when it was signed with a key that STS does not know as the role’s', async () => {
    await refused(/STS answered 403/, { credentials: { ...setup, secretAccessKey: 'stolen' } });
    await refused(/STS answered 403/, { credentials: { ...setup, sessionToken: 'ended' } });
  });
});
