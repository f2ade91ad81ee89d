import { beforeAll, describe, expect, test } from '@jest/globals';
import { readerOfWaitingJobs } from '../../jobs/cluster/index.ts';
import { loadContext } from '../../k8s/context.ts';
import { KubeConfigConnection } from '../../k8s/kubeconfig-connection.ts';
import { eventually } from '../harness/running-service.ts';
import { identity, type Identity } from '../harness/cluster/identities.ts';
import { jobManifest } from '../harness/cluster/job-manifest.ts';
import { kubectl } from '../harness/cluster/kubectl.ts';
import { runManifestCommand } from './manifest-command.ts';

/**
 * The permissions of the state machine, settle-job and sweep in the cluster, and that they have no others. The tests send
 * real requests with a client certificate of the group that k8s/manifests binds. On EKS an access entry puts the role into
 * that group.
 */
const namespace = 'access';
const otherNamespace = 'access-other';

const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
const core = `/api/v1/namespaces/${namespace}`;
const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;

/** Makes a Job of the real manifest, as the state machine sends it. */
const makeJob = async (name: string, tokens: Record<string, string> = {}): Promise<object> => {
  const manifest = await jobManifest(name, namespace, tokens);
  return { ...manifest, metadata: { ...manifest.metadata, namespace } };
};

let runJob: Identity;
let settleJob: Identity;
let sweep: Identity;

beforeAll(async () => {
  await runManifestCommand('apply', '--namespace', namespace);
  await runManifestCommand('apply', '--namespace', otherNamespace);
  runJob = identity('run-job', `${namespace}:run-job`);
  settleJob = identity('settle-job', `${namespace}:settle-job`);
  sweep = identity('sweep', `${namespace}:sweep`);
  await kubectl('create', 'secret', 'generic', 'secret', '--namespace', namespace);
});

const jobName = /"name":"([^"]+-0-0)"/g;
const namesIn = (body: string): string[] => [
  ...new Set([...body.matchAll(jobName)].map(([, name = '']) => name)),
];

describe('the state machine', () => {
  test('can create, read, list, watch and delete Jobs, and read, list and watch their pods', async () => {
    const created = await runJob.send('POST', jobs, await makeJob('run'));
    expect(created.status).toBe(201);
    const one = await runJob.send('GET', `${jobs}/run-0-0`);
    expect([one.status, namesIn(one.body)]).toEqual([200, ['run-0-0']]);
    const selector = 'labelSelector=eks-jobs%2Fjob-id%3Drun';
    const listed = await runJob.send('GET', `${jobs}?${selector}`);
    expect([listed.status, namesIn(listed.body)]).toEqual([200, ['run-0-0']]);
    const watched = await runJob.send('GET', `${jobs}?${selector}&watch=1&timeoutSeconds=1`);
    expect([watched.status, namesIn(watched.body)]).toEqual([200, ['run-0-0']]);

    // The Job controller creates the pod a moment after the Job.
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

  // The API server checks authorization first: a 404 or 400 would mean that the request was authorized.
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
    ['see Jobs of another namespace', 'GET', `/apis/batch/v1/namespaces/${otherNamespace}/jobs`],
    ['make Jobs in another namespace', 'POST', `/apis/batch/v1/namespaces/${otherNamespace}/jobs`],
    ['see pods of another namespace', 'GET', `/api/v1/namespaces/${otherNamespace}/pods`],
    ['make Jobs in kube-system', 'POST', '/apis/batch/v1/namespaces/kube-system/jobs'],
  ])('cannot %s', async (_what, method, path) => {
    const { status, body } = await runJob.send(method, path, method === 'GET' ? undefined : {});
    expect({ status, body }).toEqual({
      status: 403,
      body: expect.stringContaining('User \\"run-job\\" cannot '),
    });
  });

  test('cannot impersonate another user', async () => {
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
  test('can list the Jobs of a job by its label and delete them with their pods', async () => {
    await runJob.send('POST', jobs, await makeJob('settle'));
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
    ['see Jobs of another namespace', 'GET', `/apis/batch/v1/namespaces/${otherNamespace}/jobs`],
    ['delete Jobs of another namespace', 'DELETE', `/apis/batch/v1/namespaces/${otherNamespace}/jobs/any`],
  ])('cannot %s', async (_what, method, path) => {
    const { status, body } = await settleJob.send(method, path, method === 'GET' ? undefined : {});
    expect({ status, body }).toEqual({
      status: 403,
      body: expect.stringContaining('User \\"settle-job\\" cannot '),
    });
  });
});

describe('sweep', () => {
  // On EKS it is in two groups. Here it is only in its own group, to test that group's permissions.
  test.each([
    ['read one pod', 'GET', `${core}/pods/any`],
    ['watch pods', 'GET', `${core}/pods?watch=1&timeoutSeconds=1`],
    ['make pods', 'POST', `${core}/pods`],
    ['patch pods', 'PATCH', `${core}/pods/any`],
    ['replace the status of pods', 'PUT', `${core}/pods/any/status`],
    ['delete all pods at once', 'DELETE', `${core}/pods`],
    ['evict pods', 'POST', `${core}/pods/any/eviction`],
    ['run commands in pods', 'POST', `${core}/pods/any/exec?command=true`],
    ['put a container into a pod', 'PATCH', `${core}/pods/any/ephemeralcontainers`],
    ['read logs of pods', 'GET', `${core}/pods/any/log`],
    ['see pods of another namespace', 'GET', `/api/v1/namespaces/${otherNamespace}/pods`],
    ['delete pods of another namespace', 'DELETE', `/api/v1/namespaces/${otherNamespace}/pods/any`],
    [
      'write the status of pods of another namespace',
      'PATCH',
      `/api/v1/namespaces/${otherNamespace}/pods/any/status`,
    ],
    ['write the status of Jobs', 'PATCH', `${jobs}/any/status`],
    ['see nodes', 'GET', '/api/v1/nodes'],
    ['see Jobs', 'GET', jobs],
  ])('cannot %s', async (_what, method, path) => {
    const { status, body } = await sweep.send(method, path, method === 'GET' ? undefined : {});
    expect({ status, body }).toEqual({
      status: 403,
      body: expect.stringContaining('User \\"sweep\\" cannot '),
    });
  });

  test('can find the jobs whose pods are waiting, and why', async () => {
    const created = await runJob.send(
      'POST',
      jobs,
      await makeJob('waits', { JobNodeSelector: "{'is': 'nowhere'}" }),
    );
    expect(created.status).toBe(201);
    const inBothGroups = identity('sweep', `${namespace}:settle-job`, `${namespace}:sweep`);
    const connection = new KubeConfigConnection(loadContext('cluster', inBothGroups.kubeconfig));
    const readWaitingJobs = readerOfWaitingJobs(connection, namespace);
    expect(await eventually(async () => (await readWaitingJobs()).get('waits'), 'the waiting pod')).toBe(
      'NoNode',
    );
    await runJob.send('DELETE', `${jobs}/waits-0-0`, { propagationPolicy: 'Background' });
  });

  test('can mark a pod as failed and delete it, by name', async () => {
    await runJob.send('POST', jobs, await makeJob('lost', { JobNodeSelector: "{'is': 'nowhere'}" }));
    const selector = 'labelSelector=eks-jobs%2Fjob-id%3Dlost';
    const pod = await eventually(async () => {
      const { body } = await sweep.send('GET', `${core}/pods?${selector}`);
      return /"name":"(lost-0-0-[^"]+)"/.exec(body)?.[1];
    }, 'the pod');
    const patched = await sweep.send('PATCH', `${core}/pods/${pod}/status`, { status: { phase: 'Failed' } });
    expect([patched.status, patched.body.includes('"phase":"Failed"')]).toEqual([200, true]);
    const deleted = await sweep.send('DELETE', `${core}/pods/${pod}`, { gracePeriodSeconds: 0 });
    expect(deleted.status).toBe(200);
    await runJob.send('DELETE', `${jobs}/lost-0-0`, { propagationPolicy: 'Background' });
  });
});

// The job's service account is not bound to any Role, so a program in a pod cannot use the API server.
test('the job’s service account has no permissions, even with a token', async () => {
  const account = `system:serviceaccount:${namespace}:data-processor`;
  const permissions = await kubectl(
    'auth',
    'can-i',
    '--list',
    '--namespace',
    namespace,
    `--as=${account}`,
    '--no-headers',
  );
  const resources = permissions.split('\n').map((line) => line.split(/\s+/)[0]);
  // Every authenticated identity may read its own permissions.
  expect(resources.filter((name) => name?.includes('.k8s.io') === false && name !== '')).toEqual([]);
  expect(resources.filter((name) => name?.includes('.k8s.io') === true).sort()).toEqual([
    'selfsubjectaccessreviews.authorization.k8s.io',
    'selfsubjectreviews.authentication.k8s.io',
    'selfsubjectrulesreviews.authorization.k8s.io',
  ]);
});
