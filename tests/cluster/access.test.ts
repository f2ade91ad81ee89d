import { beforeAll, describe, expect, test } from '@jest/globals';
import { readerOfWaitingJobs } from '../../jobs/cluster/index.ts';
import { loadContext } from '../../k8s/context.ts';
import { KubeConfigConnection } from '../../k8s/kubeconfig-connection.ts';
import { eventually } from '../harness/running-service.ts';
import { identity, type Identity } from '../harness/cluster/identities.ts';
import { jobManifest } from '../harness/cluster/job-manifest.ts';
import { kubectl } from '../harness/cluster/kubectl.ts';
import { manifestsDone } from './manifest-command.ts';

/**
 * What the state machine, settle-job and sweep can do in the cluster, and that it is all they can do. Every call is really sent, with a
 * client certificate of the group that k8s/manifests binds; on EKS an access entry puts the role into that group.
 */
const namespace = 'access';
const other = 'access-other';

const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
const core = `/api/v1/namespaces/${namespace}`;
const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;

/** A Job of the real manifest, as its creator would send it. */
const job = async (name: string, tokens: Record<string, string> = {}): Promise<object> => {
  const manifest = await jobManifest(name, namespace, tokens);
  return { ...manifest, metadata: { ...manifest.metadata, namespace } };
};

let runJob: Identity;
let settleJob: Identity;
let sweep: Identity;

beforeAll(async () => {
  await manifestsDone('apply', '--namespace', namespace);
  await manifestsDone('apply', '--namespace', other);
  runJob = identity('run-job', `${namespace}:run-job`);
  settleJob = identity('settle-job', `${namespace}:settle-job`);
  sweep = identity('sweep', `${namespace}:sweep`);
  await kubectl('create', 'secret', 'generic', 'secret', '--namespace', namespace);
});

const Names = /"name":"([^"]+-0-0)"/g;
const namesIn = (body: string): string[] => [
  ...new Set([...body.matchAll(Names)].map(([, name = '']) => name)),
];

describe('the state machine', () => {
  test('creates a Job, reads it, lists it, sees its pods and deletes it', async () => {
    const created = await runJob.send('POST', jobs, await job('run'));
    expect(created.status).toBe(201);
    const one = await runJob.send('GET', `${jobs}/run-0-0`);
    expect([one.status, namesIn(one.body)]).toEqual([200, ['run-0-0']]);
    const selector = 'labelSelector=eks-jobs%2Fjob-id%3Drun';
    const listed = await runJob.send('GET', `${jobs}?${selector}`);
    expect([listed.status, namesIn(listed.body)]).toEqual([200, ['run-0-0']]);
    const watched = await runJob.send('GET', `${jobs}?${selector}&watch=1&timeoutSeconds=1`);
    expect([watched.status, namesIn(watched.body)]).toEqual([200, ['run-0-0']]);

    // The Job controller has made the pod when it can be watched.
    await kubectl(
      'wait',
      `--namespace=${namespace}`,
      '--for=create',
      'pod',
      '--selector=eks-jobs/job-id=run',
    );
    const pods = await runJob.send('GET', `${core}/pods?${selector}`);
    const [, pod = ''] = /"name":"(run-0-0-[^"]+)"/.exec(pods.body) ?? [];
    expect(pods.status).toBe(200);
    const watchedPods = await runJob.send('GET', `${core}/pods?${selector}&watch=1&timeoutSeconds=1`);
    expect([watchedPods.status, watchedPods.body.includes(pod)]).toEqual([200, true]);
    expect((await runJob.send('GET', `${core}/pods/${pod}`)).status).toBe(200);

    const deleted = await runJob.send('DELETE', `${jobs}/run-0-0`, { propagationPolicy: 'Background' });
    expect(deleted.status).toBe(200);
  });

  // Authorization comes before everything else: a 404 or 400 here would mean that the call was let in.
  test.each([
    ['read secrets', 'GET', `${core}/secrets/secret`],
    ['list secrets', 'GET', `${core}/secrets`],
    ['read ConfigMaps', 'GET', `${core}/configmaps`],
    ['write ConfigMaps', 'POST', `${core}/configmaps`],
    ['make pods without a Job', 'POST', `${core}/pods`],
    ['delete pods', 'DELETE', `${core}/pods/any`],
    ['run commands in pods', 'POST', `${core}/pods/any/exec?command=true`],
    ['run commands in pods by web socket', 'GET', `${core}/pods/any/exec?command=true`],
    ['attach to pods', 'POST', `${core}/pods/any/attach`],
    ['forward ports of pods', 'POST', `${core}/pods/any/portforward`],
    ['put a container into a pod', 'PATCH', `${core}/pods/any/ephemeralcontainers`],
    ['read logs of pods', 'GET', `${core}/pods/any/log`],
    ['evict pods', 'POST', `${core}/pods/any/eviction`],
    ['bind pods to nodes', 'POST', `${core}/pods/any/binding`],
    ['replace Jobs', 'PUT', `${jobs}/any`],
    ['patch Jobs', 'PATCH', `${jobs}/any`],
    ['write the status of Jobs', 'PATCH', `${jobs}/any/status`],
    ['delete all Jobs at once', 'DELETE', jobs],
    ['make CronJobs', 'POST', `/apis/batch/v1/namespaces/${namespace}/cronjobs`],
    ['make Deployments', 'POST', `/apis/apps/v1/namespaces/${namespace}/deployments`],
    ['get a token of the service account', 'POST', `${core}/serviceaccounts/data-processor/token`],
    ['make service accounts', 'POST', `${core}/serviceaccounts`],
    ['widen its Role', 'PATCH', `${rbac}/roles/run-job`],
    ['bind itself to another Role', 'POST', `${rbac}/rolebindings`],
    ['bind itself in the whole cluster', 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'],
    [
      'open the network',
      'DELETE',
      `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/default-deny`,
    ],
    ['lift Pod Security', 'PATCH', `/api/v1/namespaces/${namespace}`],
    ['see nodes', 'GET', '/api/v1/nodes'],
    ['see all Jobs of the cluster', 'GET', '/apis/batch/v1/jobs'],
    ['see Jobs of another namespace', 'GET', `/apis/batch/v1/namespaces/${other}/jobs`],
    ['make Jobs in another namespace', 'POST', `/apis/batch/v1/namespaces/${other}/jobs`],
    ['see pods of another namespace', 'GET', `/api/v1/namespaces/${other}/pods`],
    ['make Jobs in kube-system', 'POST', '/apis/batch/v1/namespaces/kube-system/jobs'],
  ])('cannot %s', async (_what, method, path) => {
    const { status, body } = await runJob.send(method, path, method === 'GET' ? undefined : {});
    expect({ status, body }).toEqual({
      status: 403,
      body: expect.stringContaining('User \\"run-job\\" cannot '),
    });
  });

  test('cannot act as somebody else', async () => {
    const command = [
      '--kubeconfig',
      runJob.kubeconfig,
      '--context',
      'cluster',
      '--as=admin',
      '--as-group=system:masters',
    ];
    await expect(kubectl('get', 'nodes', ...command)).rejects.toThrow('cannot impersonate resource');
  });
});

describe('settle-job', () => {
  test('finds the Jobs of a job by its label and deletes each, with its pods', async () => {
    await runJob.send('POST', jobs, await job('settle'));
    const listed = await settleJob.send('GET', `${jobs}?labelSelector=eks-jobs%2Fjob-id%3Dsettle`);
    expect([listed.status, namesIn(listed.body)]).toEqual([200, ['settle-0-0']]);
    const deleted = await settleJob.send('DELETE', `${jobs}/settle-0-0`, { propagationPolicy: 'Background' });
    expect(deleted.status).toBe(200);
    const selector = '--selector=eks-jobs/job-id=settle';
    await kubectl('wait', `--namespace=${namespace}`, '--for=delete', 'job,pod', selector, '--timeout=60s');
  });

  test.each([
    ['make Jobs', 'POST', jobs],
    ['read one Job', 'GET', `${jobs}/any`],
    ['watch Jobs', 'GET', `${jobs}?watch=1&timeoutSeconds=1`],
    ['replace Jobs', 'PUT', `${jobs}/any`],
    ['patch Jobs', 'PATCH', `${jobs}/any`],
    ['delete all Jobs at once', 'DELETE', jobs],
    ['see pods', 'GET', `${core}/pods`],
    ['delete pods', 'DELETE', `${core}/pods/any`],
    ['read logs of pods', 'GET', `${core}/pods/any/log`],
    ['run commands in pods', 'POST', `${core}/pods/any/exec?command=true`],
    ['read secrets', 'GET', `${core}/secrets/secret`],
    ['read ConfigMaps', 'GET', `${core}/configmaps`],
    ['get a token of the service account', 'POST', `${core}/serviceaccounts/data-processor/token`],
    ['bind itself to another Role', 'POST', `${rbac}/rolebindings`],
    ['see nodes', 'GET', '/api/v1/nodes'],
    ['see Jobs of another namespace', 'GET', `/apis/batch/v1/namespaces/${other}/jobs`],
    ['delete Jobs of another namespace', 'DELETE', `/apis/batch/v1/namespaces/${other}/jobs/any`],
  ])('cannot %s', async (_what, method, path) => {
    const { status, body } = await settleJob.send(method, path, method === 'GET' ? undefined : {});
    expect({ status, body }).toEqual({
      status: 403,
      body: expect.stringContaining('User \\"settle-job\\" cannot '),
    });
  });
});

describe('sweep', () => {
  // On EKS it is in both groups; here in the one of its own, to show what that adds.
  test.each([
    ['read one pod', 'GET', `${core}/pods/any`],
    ['watch pods', 'GET', `${core}/pods?watch=1&timeoutSeconds=1`],
    ['delete pods', 'DELETE', `${core}/pods/any`],
    ['read logs of pods', 'GET', `${core}/pods/any/log`],
    ['see pods of another namespace', 'GET', `/api/v1/namespaces/${other}/pods`],
    ['see nodes', 'GET', '/api/v1/nodes'],
    ['see Jobs', 'GET', jobs],
  ])('cannot %s', async (_what, method, path) => {
    const { status, body } = await sweep.send(method, path, method === 'GET' ? undefined : {});
    expect({ status, body }).toEqual({
      status: 403,
      body: expect.stringContaining('User \\"sweep\\" cannot '),
    });
  });

  test('sees which jobs’ pods wait, and why', async () => {
    const created = await runJob.send(
      'POST',
      jobs,
      await job('waits', { JobNodeSelector: "{'is': 'nowhere'}" }),
    );
    expect(created.status).toBe(201);
    const both = identity('sweep', `${namespace}:settle-job`, `${namespace}:sweep`);
    const connection = new KubeConfigConnection(loadContext('cluster', both.kubeconfig));
    const asks = readerOfWaitingJobs(connection, namespace);
    expect(await eventually(async () => (await asks()).get('waits'), 'its pod is seen')).toBe('NoNode');
    await runJob.send('DELETE', `${jobs}/waits-0-0`, { propagationPolicy: 'Background' });
  });
});

// Whatever a pod's program does, the API server does not know it: its service account is bound to nothing.
test('the job itself has no right at all, even with a token', async () => {
  const account = `system:serviceaccount:${namespace}:data-processor`;
  const rights = await kubectl(
    'auth',
    'can-i',
    '--list',
    '--namespace',
    namespace,
    `--as=${account}`,
    '--no-headers',
  );
  const resources = rights.split('\n').map((line) => line.split(/\s+/)[0]);
  // What every authenticated identity may do: ask about itself.
  expect(resources.filter((name) => name?.includes('.k8s.io') === false && name !== '')).toEqual([]);
  expect(resources.filter((name) => name?.includes('.k8s.io') === true).sort()).toEqual([
    'selfsubjectaccessreviews.authorization.k8s.io',
    'selfsubjectreviews.authentication.k8s.io',
    'selfsubjectrulesreviews.authorization.k8s.io',
  ]);
});
