import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { KubernetesJob } from '../../../../../local/aws/step-functions/integrations/job-runner.ts';
import { KubernetesRunner, openApiServer } from '../../../../../local/runners/kubernetes/index.ts';
import { FakeApiServer } from './fake-api-server.ts';

// Events that a test cannot cause in a real cluster at the right moment. The other tests are in tests/cluster.

let server: FakeApiServer;
let runner: KubernetesRunner;

beforeEach(async () => {
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  server = await FakeApiServer.start();
  runner = new KubernetesRunner(openApiServer(server.config), 'service', { TABLE: 'http://10.0.0.1' });
});

afterEach(async () => {
  server.fault = () => undefined;
  server.lingering = false;
  await runner.stop();
  await server.stop();
  jest.restoreAllMocks();
});

const manifest = (name: string): KubernetesJob => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'service', 'eks-jobs/job-id': name } },
  spec: {
    // A field that the client's models do not know: it must arrive too.
    fieldOfTomorrow: true,
    template: { spec: { containers: [{ name: 'main', env: [{ name: 'JOB_ID', value: name }] }] } },
  },
});

async function start(name: string, more: { resumed?: boolean; signal?: AbortSignal } = {}) {
  const started = await runner.start(manifest(name), {
    namespace: 'jobs',
    clusterName: 'cluster',
    submittedAt: 0,
    resumed: more.resumed ?? false,
    signal: more.signal ?? new AbortController().signal,
  });
  // Jobs that still run at the end of a test are interrupted then.
  started.ended.catch(() => undefined);
  return started;
}

/** Waits for real I/O until a condition holds. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it never happened');
    await setImmediate();
  }
}

const watched = () => until(() => server.count('GET', 'watch') > 0);

/** Applies a fault to the first request that matches. */
function failOnce(
  fault: ReturnType<FakeApiServer['fault']>,
  matches: (method: string, path: string) => boolean,
): void {
  let failed = false;
  server.fault = (method, path) => {
    if (failed || !matches(method, path)) return undefined;
    failed = true;
    return fault;
  };
}

const isCreation = (method: string): boolean => method === 'POST';

describe('a Job', () => {
  test('is created from its manifest, with the additional environment of its container', async () => {
    const { response } = await start('a');
    expect(response).toMatchObject({
      statusCode: 201,
      statusText: 'Created',
      body: { metadata: { name: 'a' } },
    });
    const [{ body } = { body: null }] = server.requests.filter(({ method }) => method === 'POST');
    const spec = { template: { spec: { containers: [{ name: 'main', env: expect.anything() }] } } };
    expect(body).toMatchObject({ ...manifest('a'), spec: { ...spec, fieldOfTomorrow: true } });
    expect(body).toMatchObject({
      spec: {
        template: {
          spec: {
            containers: [
              {
                env: [
                  { name: 'JOB_ID', value: 'a' },
                  { name: 'TABLE', value: 'http://10.0.0.1' },
                ],
              },
            ],
          },
        },
      },
    });
  });

  // A user who looks at the cluster must find a Complete Job, not one that disappeared while it ran.
  test('succeeds with the condition Complete, not before', async () => {
    const { ended } = await start('a');
    let over = false;
    void ended.then(() => (over = true));
    server.end('a', 'SuccessCriteriaMet', 'CompletionsReached');
    // The watch reports the event of a before the end of b.
    const { ended: later } = await start('b');
    server.end('b', 'Complete');
    await later;
    expect(over).toBe(false);
    server.end('a', 'Complete', 'CompletionsReached');
    expect(await ended).toEqual({ succeeded: true });
  });

  test('fails with its condition and the end of its container’s output', async () => {
    const terminated = { exitCode: 137, reason: 'OOMKilled', message: 'line 1\n' };
    const containerStatuses = [{ name: 'main', state: { terminated } }];
    server.pods = [{ metadata: { name: 'a-x', uid: '1' }, status: { phase: 'Failed', containerStatuses } }];
    const { ended } = await start('a');
    // Pods may still run at FailureTarget: a retry must not run at the same time.
    server.end('a', 'FailureTarget', 'BackoffLimitExceeded', 'limit');
    server.end('a', 'Failed', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit');
    expect(await ended).toEqual({
      succeeded: false,
      reason: 'BackoffLimitExceeded',
      message:
        'Job has reached the specified backoff limit: ' +
        'the container of a-x ended with OOMKilled, exit code 137: line 1',
    });
  });

  test('that another client deletes is EKS.404 to the state machine', async () => {
    const { ended } = await start('a');
    await watched();
    server.vanish('a');
    await expect(ended).rejects.toMatchObject({
      response: { statusCode: 404, statusText: 'Not Found', body: { reason: 'NotFound' } },
    });
  });
});

describe('the watch', () => {
  test('is shared by all Jobs', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `job-${index}`);
    const jobs = await Promise.all(names.map((name) => start(name)));
    await watched();
    for (const name of names) server.end(name, 'Complete');
    await Promise.all(jobs.map(({ ended }) => ended));
    expect(server.count('GET', 'list')).toBe(1);
    expect(server.count('GET', 'watch')).toBe(1);
    expect(server.count('GET', 'object')).toBe(0);
  });

  test('continues at the same version when the server ends it, without a new list', async () => {
    const { ended } = await start('a');
    await watched();
    server.endStreams('cleanly');
    server.end('a', 'Complete');
    await ended;
    expect(server.count('GET', 'list')).toBe(1);
  });

  // An event in between is not in any stream: only a new list contains it.
  test.each(['expired', 'broken'] as const)('that is %s does not miss the end of a Job', async (how) => {
    const { ended } = await start('a');
    await watched();
    server.fault = (_method, path, query) =>
      path.endsWith('/jobs') && query.has('watch') ? 'break' : undefined;
    server.endStreams(how);
    server.end('a', 'Complete');
    server.compact();
    expect(await ended).toEqual({ succeeded: true });
  });

  test('that is rejected as too old does not miss a deletion', async () => {
    const { ended } = await start('a');
    await watched();
    const gone = expect(ended).rejects.toMatchObject({ response: { statusCode: 404 } });
    server.silenceStreams();
    server.vanish('a');
    server.compact();
    server.endStreams('cleanly');
    await gone;
  });

  // Behind a firewall that dropped the connection nothing arrives, not even its end.
  test('that is silent is opened again after half a minute', async () => {
    const { ended } = await start('a');
    await watched();
    server.silenceStreams();
    server.end('a', 'Complete');
    expect(await ended).toEqual({ succeeded: true });
  });

  test('is not repeated in a tight loop if the server ends every stream immediately', async () => {
    const { ended } = await start('a');
    await watched();
    for (let round = 1; round <= 5; round += 1) {
      await until(() => server.count('GET', 'watch') >= round);
      server.endStreams('cleanly');
    }
    const before = server.count('GET', 'watch');
    // Only waiting can show that nothing happens.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(server.count('GET', 'watch') - before).toBeLessThan(2);
    server.end('a', 'Complete');
    await ended;
  });
});

describe('a creation', () => {
  // The state machine repeats it, as on AWS: a runner that repeats it would hide what happens there.
  test.each([401, 403, 404, 422, 429, 500, 503])(
    'that the cluster rejects with %i is not repeated here',
    async (statusCode) => {
      server.fault = () => ({ statusCode });
      await expect(start('a')).rejects.toMatchObject({ name: 'JobRefused', response: { statusCode } });
      expect(server.requests).toHaveLength(1);
    },
  );

  test.each(['break', 'lose response'] as const)('without a response (%s) is EKS.503', async (fault) => {
    failOnce(fault, isCreation);
    await expect(start('a')).rejects.toMatchObject({ name: 'JobRefused', response: { statusCode: 503 } });
    expect(server.requests).toHaveLength(1);
    // The state machine does not know it: its next Job has another name.
    expect(server.jobs.size).toBe(fault === 'break' ? 0 : 1);
    expect(await start('b')).toMatchObject({ response: { statusCode: 201 } });
  });

  test('with the name of a Job that exists is rejected', async () => {
    await start('a');
    await expect(start('a')).rejects.toMatchObject({ response: { statusCode: 409 } });
    expect(server.jobs.size).toBe(1);
  });
});

describe('after a restart of the service', () => {
  test('a Job that still runs is followed', async () => {
    await start('a');
    const resumed = await start('a', { resumed: true });
    expect(server.count('POST', 'list')).toBe(1);
    server.end('a', 'Complete');
    expect(await resumed.ended).toEqual({ succeeded: true });
  });

  test('a Job that ended meanwhile is reported as ended', async () => {
    await start('a');
    server.end('a', 'Complete');
    expect(await (await start('a', { resumed: true })).ended).toEqual({ succeeded: true });
  });

  test.each([429, 503, 'break'] as const)(
    'a Job that cannot be read at first (%s) is followed',
    async (fault) => {
      await start('a');
      failOnce(typeof fault === 'number' ? { statusCode: fault } : fault, (method) => method === 'GET');
      expect(await start('a', { resumed: true })).toMatchObject({ response: { statusCode: 200 } });
      expect(server.count('POST', 'list')).toBe(1);
    },
  );

  test("a name that is now another client's Job is rejected", async () => {
    await start('a');
    const job = server.jobs.get('a');
    if (job) job.metadata.labels = { 'eks-jobs/job-id': 'other' };
    await expect(start('a', { resumed: true })).rejects.toMatchObject({ response: { statusCode: 409 } });
  });

  test('a Job that is gone is created again', async () => {
    expect(await start('a', { resumed: true })).toMatchObject({ response: { statusCode: 201 } });
  });

  // A service that stops deletes its Jobs; their pods may take half a minute to go.
  test('a Job that is still being deleted is awaited, and created again', async () => {
    server.lingering = true;
    const stopped = new AbortController();
    const { ended } = await start('a', { signal: stopped.signal });
    const rejected = expect(ended).rejects.toThrow();
    stopped.abort();
    await until(() => server.count('DELETE', 'object') === 1);
    const resumed = start('a', { resumed: true });
    await until(() => server.count('GET', 'object') === 1);
    server.vanish('a');
    expect(await resumed).toMatchObject({ response: { statusCode: 201 } });
    await rejected;
  });
});

describe('a task that ends', () => {
  test('deletes its Job with its pods, and ends when they are gone', async () => {
    server.lingering = true;
    const task = new AbortController();
    const { ended } = await start('a', { signal: task.signal });
    let done = false;
    const rejected = expect(
      ended.finally(() => {
        done = true;
      }),
    ).rejects.toThrow('stopped');
    const uid = server.jobs.get('a')?.metadata.uid;
    task.abort(new Error('stopped'));
    await until(() => server.jobs.get('a')?.metadata.deletionTimestamp !== undefined);
    const deletion = server.requests.find(({ method }) => method === 'DELETE');
    // Foreground: the Job exists as long as its pods. The uid: a later Job of the same name is not deleted.
    expect(deletion?.body).toMatchObject({ propagationPolicy: 'Foreground', preconditions: { uid } });
    expect(done).toBe(false);
    server.vanish('a');
    await rejected;
  });

  test('also deletes a Job whose creation did not get a response yet', async () => {
    const task = new AbortController();
    server.fault = (method) => {
      if (method !== 'POST') return undefined;
      task.abort(new Error('stopped'));
      return 'lose response';
    };
    await expect(start('a', { signal: task.signal })).rejects.toThrow('stopped');
    expect(server.jobs.size).toBe(0);
  });

  test('reports a Job that cannot be deleted, and ends', async () => {
    const task = new AbortController();
    const { ended } = await start('a', { signal: task.signal });
    server.fault = (method) => (method === 'DELETE' ? { statusCode: 403 } : undefined);
    task.abort(new Error('stopped'));
    await expect(ended).rejects.toThrow('stopped');
    expect(console.error).toHaveBeenCalledWith(expect.stringContaining('jobs/a may still exist'));
  });

  test('a service that stops deletes all its Jobs, and does not accept new ones', async () => {
    const jobs = await Promise.all(['a', 'b', 'c'].map((name) => start(name)));
    const rejected = Promise.allSettled(jobs.map(({ ended }) => ended));
    await runner.stop();
    expect(server.jobs.size).toBe(0);
    await expect(start('d')).rejects.toThrow('the service is stopping');
    expect((await rejected).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
