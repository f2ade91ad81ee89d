import { createHash, createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openCluster } from '../../../jobs/cluster/open.ts';
import { deleterOfJobs, podsOfJobs, readerOfWaitingJobs } from '../../../jobs/cluster/index.ts';
import { clusterToken } from '../../../k8s/eks-token.ts';
import { readSettings } from '../../../jobs/settings.ts';
import { KubeConfigConnection } from '../../../k8s/kubeconfig-connection.ts';

const always = { TABLE_NAME: 'table', STATE_MACHINE_ARN: 'arn:x' };
const eks = {
  CLUSTER_NAME: 'jobs',
  CLUSTER_ENDPOINT: 'https://127.0.0.1:1',
  CLUSTER_CERTIFICATE_AUTHORITY: 'bm9uZQ==',
};

describe('the settings', () => {
  test('without a cluster nothing is deleted, and no request is made', async () => {
    const cluster = openCluster(readSettings(always));
    await cluster.deleteJobs('a');
    expect(await cluster.waitingJobs()).toEqual(new Map());
    expect(await cluster.pods.listTerminating()).toEqual([]);
  });

  // A cluster that is half named must not count as none: Jobs would be left behind without a message.
  test.each([
    { ...eks },
    { KUBE_CONTEXT: 'mine' },
    { JOB_NAMESPACE: 'jobs' },
    { JOB_NAMESPACE: 'jobs', CLUSTER_NAME: 'jobs' },
    { JOB_NAMESPACE: 'jobs', ...eks, CLUSTER_ENDPOINT: 'http://127.0.0.1' },
  ])('%j are rejected', (settings) => {
    expect(() => readSettings({ ...always, ...settings })).toThrow('Wrong environment settings');
  });

  test.each([
    { JOB_NAMESPACE: 'jobs', ...eks },
    { JOB_NAMESPACE: 'jobs', KUBE_CONTEXT: 'mine' },
  ])('%j name a cluster', (settings) => {
    expect(readSettings({ ...always, ...settings })).toMatchObject(settings);
  });
});

describe('a cluster', () => {
  let server: Server;
  let responses: ((method: string, path: string) => [number, unknown])[] = [];
  let requests: string[] = [];
  let bodies: unknown[] = [];
  let accepted: (string | undefined)[] = [];

  beforeEach(async () => {
    [requests, bodies, accepted] = [[], [], []];
    server = createServer((request, response) => {
      const { method = '', url = '' } = request;
      requests.push(`${method} ${decodeURIComponent(url)}`);
      const given = responses.map((respond) => respond(method, url)).find(([code]) => code !== 0);
      const [code, body] = given ?? [500, {}];
      accepted.push(request.headers.accept);
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => (text += part));
      request.once('end', () => {
        if (text !== '') bodies.push(JSON.parse(text));
        response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    responses = [
      (_method, path) =>
        path === '/apis/batch/v1'
          ? [200, { resources: [{ name: 'jobs', kind: 'Job', namespaced: true }] }]
          : [0, {}],
      (_method, path) =>
        path === '/api/v1'
          ? [200, { resources: [{ name: 'pods', kind: 'Pod', namespaced: true }] }]
          : [0, {}],
    ];
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const connection = (): KubeConfigConnection => {
    const config = new KubeConfig();
    const { port } = server.address() as AddressInfo;
    const cluster = { name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: true };
    config.loadFromClusterAndUser(cluster, { name: 'u' });
    return new KubeConfigConnection(config);
  };
  const deleter = () => deleterOfJobs(connection(), 'jobs');
  const collection = '/apis/batch/v1/namespaces/jobs/jobs';
  const job = (name: string, more: object = {}) => ({ metadata: { name, uid: `uid-${name}`, ...more } });
  const listing = (...pages: object[]) => {
    let page = 0;
    responses.push((method, path) =>
      method === 'GET' && path.startsWith(collection) ? [200, pages[page++]] : [0, {}],
    );
  };

  describe("'s Jobs", () => {
    test('are found by label and deleted each by name; one that is being deleted is left as it is', async () => {
      listing({
        metadata: {},
        items: [job('a-0-0'), job('a-0-1', { deletionTimestamp: 'now' }), job('a-0-2')],
      });
      responses.push((method) => (method === 'DELETE' ? [200, {}] : [0, {}]));
      await deleter().deleteJobs('a');
      expect(requests.filter((request) => !request.endsWith('/apis/batch/v1'))).toEqual([
        `GET ${collection}?labelSelector=eks-jobs/job-id=a&limit=100`,
        `DELETE ${collection}/a-0-0`,
        `DELETE ${collection}/a-0-2`,
      ]);
    });

    test('that do not exist, or are gone meanwhile, are a success', async () => {
      listing({ metadata: {}, items: [] }, { metadata: {}, items: [job('a-0-0')] });
      responses.push((method) => (method === 'DELETE' ? [404, { message: 'gone' }] : [0, {}]));
      await deleter().deleteJobs('a');
      await deleter().deleteJobs('a');
    });

    test('are deleted page by page', async () => {
      listing(
        { metadata: { continue: 'x' }, items: [job('a-0-0')] },
        { metadata: {}, items: [job('a-0-1')] },
      );
      responses.push((method) => (method === 'DELETE' ? [200, {}] : [0, {}]));
      await deleter().deleteJobs('a');
      expect(requests.filter((request) => request.startsWith('DELETE'))).toHaveLength(2);
    });

    // Settle fails then, and sweep tries again: a Job that is not deleted may run for hours.
    test('that may not be listed are an error with the reason', async () => {
      responses.push(() => [403, { message: 'jobs.batch is forbidden' }]);
      await expect(deleter().deleteJobs('a')).rejects.toThrow(/the Jobs of job a: jobs\.batch is forbidden/);
    });
  });

  describe("'s pods", () => {
    const pods = '/api/v1/namespaces/jobs/pods';
    const metadata = (name: string, more: object = {}) => ({
      metadata: {
        name,
        uid: `uid-${name}`,
        resourceVersion: '7',
        labels: { 'eks-jobs/job-id': 'a' },
        ...more,
      },
    });
    const deletionTimestamp = '2026-11-23T12:00:00Z';
    const terminating = {
      ...{
        name: 'a-0-0-x',
        uid: 'uid-a-0-0-x',
        version: '7',
        jobId: 'a',
        deletionDeadline: deletionTimestamp,
      },
    };

    test('that are being deleted are listed by their metadata, which is small', async () => {
      responses.push(() => [
        200,
        {
          items: [
            metadata('a-0-0-x', { deletionTimestamp }),
            metadata('a-0-0-y'),
            metadata('z', { labels: {} }),
          ],
        },
      ]);
      expect(await podsOfJobs(connection(), 'jobs').listTerminating()).toEqual([terminating]);
      expect(requests).toEqual([
        `GET ${pods}?labelSelector=eks-jobs/job-id&fieldSelector=spec.nodeName!=,status.phase!=Succeeded&limit=500`,
      ]);
      expect(accepted[0]).toContain('as=PartialObjectMetadataList');
    });

    test('are released as Kubernetes does when a node is deleted: failed by a disruption, then deleted', async () => {
      responses.push(() => [200, {}]);
      expect(await podsOfJobs(connection(), 'jobs').release(terminating)).toBe(true);
      expect(requests).toEqual(['GET /api/v1', `PATCH ${pods}/a-0-0-x/status`, `DELETE ${pods}/a-0-0-x`]);
      const condition = { type: 'DisruptionTarget', status: 'True' };
      expect(bodies).toEqual([
        {
          metadata: { uid: 'uid-a-0-0-x', resourceVersion: '7' },
          status: { phase: 'Failed', conditions: [expect.objectContaining(condition)] },
        },
        expect.objectContaining({ gracePeriodSeconds: 0, preconditions: { uid: 'uid-a-0-0-x' } }),
      ]);
    });

    // The kubelet has come back, for example.
    test.each([404, 409])('that are gone or have changed (%i) are not deleted', async (status) => {
      responses.push((method) => (method === 'PATCH' ? [status, {}] : [200, {}]));
      expect(await podsOfJobs(connection(), 'jobs').release(terminating)).toBe(false);
      expect(requests).not.toContain(`DELETE ${pods}/a-0-0-x`);
    });

    test('that may not be changed are an error that names the pod', async () => {
      responses.push(() => [403, { message: 'pods/status is forbidden' }]);
      await expect(podsOfJobs(connection(), 'jobs').release(terminating)).rejects.toThrow(
        /a-0-0-x.*pods\/status is forbidden/,
      );
    });
  });

  describe('reports what jobs wait for', () => {
    const pods = '/api/v1/namespaces/jobs/pods';
    const pod = (jobId: string, status?: object, more: object = {}) => ({
      metadata: { labels: { 'eks-jobs/job-id': jobId }, ...more },
      status,
    });
    const scheduled = (status: string) => [{ type: 'PodScheduled', status }];
    const waiting = (reason: string) => ({
      conditions: scheduled('True'),
      containerStatuses: [{ state: { waiting: { reason } } }],
    });
    const waitingWith = async (jobs: object[], ...podPages: object[][]) => {
      let page = 0;
      responses.push((_method, path) => {
        if (path.startsWith(collection)) return [200, { items: jobs }];
        const items = podPages[page++] ?? [];
        return [200, { metadata: page < podPages.length ? { continue: `page ${page}` } : {}, items }];
      });
      return Object.fromEntries(await readerOfWaitingJobs(connection(), 'jobs')());
    };

    test('by the state of their pods', async () => {
      const refused = { conditions: scheduled('False') };
      expect(
        await waitingWith(
          [],
          [
            pod('just-made'),
            pod('no-room', refused),
            pod('placed', { conditions: scheduled('True') }),
            pod('pulling', waiting('ContainerCreating')),
            pod('no-image', waiting('ImagePullBackOff')),
            pod('no-image-either', waiting('ErrImagePull')),
            pod('bad-name', waiting('InvalidImageName')),
            pod('refused', waiting('CreateContainerConfigError')),
            pod('going', refused, { deletionTimestamp: 'now' }),
            { metadata: {} },
          ],
        ),
      ).toEqual({
        ...{ 'just-made': 'NoNode', 'no-room': 'NoNode', placed: 'Starting', pulling: 'Starting' },
        ...{ 'no-image': 'ImagePull', 'no-image-either': 'ImagePull', 'bad-name': 'ImagePull' },
        refused: 'ContainerRefused',
      });
    });

    // Its Job waits without a pod then.
    test('by Kueue, which suspends their Jobs', async () => {
      const job = (jobId: string, suspend?: boolean) => ({ ...pod(jobId), spec: { suspend } });
      expect(await waitingWith([job('in-queue', true), job('admitted', false), job('other')])).toEqual({
        'in-queue': 'LimitReached',
      });
    });

    test('with requests for those that have not started only, page by page', async () => {
      expect(await waitingWith([], [pod('a')], [pod('b')])).toEqual({ a: 'NoNode', b: 'NoNode' });
      const ofPods = `GET ${pods}?labelSelector=eks-jobs/job-id&fieldSelector=status.phase=Pending&limit=500`;
      expect(requests).toEqual([
        `GET ${collection}?labelSelector=eks-jobs/job-id,kueue.x-k8s.io/queue-name&fieldSelector=status.successful=0&limit=500`,
        ofPods,
        `${ofPods}&continue=page+1`,
      ]);
    });

    test('up to some ten thousand', async () => {
      const pages = Array.from({ length: 50 }, (_, index) => [pod(`job-${index}`)]);
      expect(Object.keys(await waitingWith([], ...pages))).toHaveLength(20);
    });

    test('or fails when it may not list pods', async () => {
      responses.push(() => [403, { message: 'pods is forbidden' }]);
      await expect(readerOfWaitingJobs(connection(), 'jobs')()).rejects.toThrow('pods is forbidden');
    });
  });
});

describe('the token for an EKS cluster', () => {
  const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
  const { sha256 } = new DynamoDBClient({ region: 'eu-central-1' }).config;
  const token = (region = 'eu-central-1') =>
    clusterToken('jobs', {
      region: () => Promise.resolve(region),
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: secret, sessionToken: 'session/+=' },
      sha256,
    });
  const urlOf = (text: string): URL =>
    new URL(Buffer.from(text.replace('k8s-aws-v1.', ''), 'base64url').toString());

  /** The signature as STS computes it when the cluster sends the URL with the cluster's name as a header. */
  function expectedSignature(url: URL): string {
    const query = [...url.searchParams].filter(([name]) => name !== 'X-Amz-Signature');
    const encode = (text: string) =>
      encodeURIComponent(text).replaceAll(
        /[!'()*]/g,
        (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
      );
    const canonicalQuery = query
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&');
    const headers = `host:${url.hostname}\nx-k8s-aws-id:jobs\n`;
    const hash = (text: string) => createHash('sha256').update(text).digest('hex');
    const canonical = ['GET', '/', canonicalQuery, headers, 'host;x-k8s-aws-id', hash('')].join('\n');
    const date = url.searchParams.get('X-Amz-Date') ?? '';
    const scope = [date.slice(0, 8), 'eu-central-1', 'sts', 'aws4_request'];
    const sign = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
    const key = scope.reduce<string | Buffer>((last, part) => sign(last, part), `AWS4${secret}`);
    const toSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), hash(canonical)].join('\n');
    return sign(key, toSign).toString('hex');
  }

  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
  test('is a request to STS, signed together with the name of the cluster', async () => {
    const text = await token();
    expect(text).toMatch(/^k8s-aws-v1\.[A-Za-z0-9_-]+$/);
    const url = urlOf(text);
    expect(url.origin).toBe('https://sts.eu-central-1.amazonaws.com');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      Action: 'GetCallerIdentity',
      Version: '2011-06-15',
      'X-Amz-Expires': '60',
      'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
      'X-Amz-Security-Token': 'session/+=',
    });
    expect(url.searchParams.get('X-Amz-Signature')).toBe(expectedSignature(url));
  });

  test('is for the STS of China in a region of China', async () => {
    expect(urlOf(await token('cn-north-1')).hostname).toBe('sts.cn-north-1.amazonaws.com.cn');
  });
});
