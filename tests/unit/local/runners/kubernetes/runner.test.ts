import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { KubernetesJob } from '../../../../../local/aws/step-functions/integrations/job-runner.ts';
import { KubernetesRunner, openApiServer } from '../../../../../local/runners/kubernetes/index.ts';
import { FakeApiServer } from './fake-api-server.ts';

// What a real cluster cannot be made to do at the moment a test wants it. The rest is in tests/cluster.

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
    // A field that the client's models do not know: it must arrive all the same.
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
  // Those that a test leaves running are interrupted after it.
  started.ended.catch(() => undefined);
  return started;
}

/** Lets real I/O happen until a condition holds. */
async function until(condition: () => boolean): Promise<void> {
  const patience = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > patience) throw new Error('it never happened');
    await setImmediate();
  }
}

const watched = () => until(() => server.count('GET', 'watch') > 0);

/** Fails the first requests that match so. */
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
  test('is created as the state machine says, with what this cluster must add for its container', async () => {
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

  // Who looks at the cluster must find a Job that is Complete, not one that vanished while it was running.
  test('succeeds with the condition Complete, not before', async () => {
    const { ended } = await start('a');
    let over = false;
    void ended.then(() => (over = true));
    server.end('a', 'SuccessCriteriaMet', 'CompletionsReached');
    // Seen by the watch before this one, which ends first.
    const { ended: later } = await start('b');
    server.end('b', 'Complete');
    await later;
    expect(over).toBe(false);
    server.end('a', 'Complete', 'CompletionsReached');
    expect(await ended).toEqual({ succeeded: true });
  });

  test('fails with its condition and the last words of its container', async () => {
    const terminated = { exitCode: 137, reason: 'OOMKilled', message: 'line 1\n' };
    const containerStatuses = [{ name: 'main', state: { terminated } }];
    server.pods = [{ metadata: { name: 'a-x', uid: '1' }, status: { phase: 'Failed', containerStatuses } }];
    const { ended } = await start('a');
    // Pods may still run at FailureTarget: a retry must not begin beside them.
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

  test('that somebody deletes is EKS.404 to the state machine', async () => {
    const { ended } = await start('a');
    await watched();
    server.vanish('a');
    await expect(ended).rejects.toMatchObject({
      response: { statusCode: 404, statusText: 'Not Found', body: { reason: 'NotFound' } },
    });
  });
});

describe('the watch', () => {
  test('is one for all Jobs', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `job-${index}`);
    const jobs = await Promise.all(names.map((name) => start(name)));
    await watched();
    for (const name of names) server.end(name, 'Complete');
    await Promise.all(jobs.map(({ ended }) => ended));
    expect(server.count('GET', 'list')).toBe(1);
    expect(server.count('GET', 'watch')).toBe(1);
    expect(server.count('GET', 'object')).toBe(0);
  });

  test('goes on from where it was when the server ends it, without a new list', async () => {
    const { ended } = await start('a');
    await watched();
    server.endStreams('cleanly');
    server.end('a', 'Complete');
    await ended;
    expect(server.count('GET', 'list')).toBe(1);
  });

  // An event in between is in no stream: only a new list can tell.
  test.each(['expired', 'broken'] as const)('that is %s misses no end', async (how) => {
    const { ended } = await start('a');
    await watched();
    server.fault = (_method, path, query) =>
      path.endsWith('/jobs') && query.has('watch') ? 'break' : undefined;
    server.endStreams(how);
    server.end('a', 'Complete');
    server.compact();
    expect(await ended).toEqual({ succeeded: true });
  });

  test('that is refused as too old misses no deletion', async () => {
    const { ended } = await start('a');
    await watched();
    const gone = expect(ended).rejects.toMatchObject({ response: { statusCode: 404 } });
    server.silenceStreams();
    server.vanish('a');
    server.compact();
    server.endStreams('cleanly');
    await gone;
  });

  // Behind a firewall that forgot the connection nothing ever arrives, no end either.
  test('that fell silent is opened anew after half a minute', async () => {
    const { ended } = await start('a');
    await watched();
    server.silenceStreams();
    server.end('a', 'Complete');
    expect(await ended).toEqual({ succeeded: true });
  });

  test('does not ask a server in a loop that ends every stream at once', async () => {
    const { ended } = await start('a');
    await watched();
    for (let round = 1; round <= 5; round += 1) {
      await until(() => server.count('GET', 'watch') >= round);
      server.endStreams('cleanly');
    }
    const before = server.count('GET', 'watch');
    // That nothing happens can only be seen by waiting.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(server.count('GET', 'watch') - before).toBeLessThan(2);
    server.end('a', 'Complete');
    await ended;
  });
});

describe('a creation', () => {
  test.each([401, 403, 404, 422])('that is refused with %i is not tried again', async (statusCode) => {
    server.fault = () => ({ statusCode });
    await expect(start('a')).rejects.toMatchObject({ name: 'JobRefused', response: { statusCode } });
    expect(server.requests).toHaveLength(1);
  });

  test.each([429, 500, 503])('that meets %i is tried again', async (statusCode) => {
    failOnce({ statusCode }, isCreation);
    expect(await start('a')).toMatchObject({ response: { statusCode: 201 } });
  });

  // The Job runs already: another try would be refused with 409, and a failure here would burn a retry.
  test('whose response was lost made the Job: there is no second one', async () => {
    failOnce('lose response', isCreation);
    const { response, ended } = await start('a');
    expect(response).toMatchObject({ statusCode: 200, body: { metadata: { name: 'a' } } });
    expect(server.jobs.size).toBe(1);
    server.end('a', 'Complete');
    await ended;
  });

  test("of a name that somebody else's Job has is refused, after a lost response too", async () => {
    await start('a');
    await expect(start('a')).rejects.toMatchObject({ response: { statusCode: 409 } });
    const job = server.jobs.get('a');
    if (job) job.metadata.labels = { 'eks-jobs/job-id': 'other' };
    failOnce('break', isCreation);
    await expect(start('a')).rejects.toMatchObject({ response: { statusCode: 409 } });
    expect(server.jobs.size).toBe(1);
  });
});

describe('after a restart of the service', () => {
  test('a Job that still runs is gone on with', async () => {
    await start('a');
    const again = await start('a', { resumed: true });
    expect(server.count('POST', 'list')).toBe(1);
    server.end('a', 'Complete');
    expect(await again.ended).toEqual({ succeeded: true });
  });

  test('one that ended meanwhile is known to have ended', async () => {
    await start('a');
    server.end('a', 'Complete');
    expect(await (await start('a', { resumed: true })).ended).toEqual({ succeeded: true });
  });

  test('one that is gone is created anew', async () => {
    expect(await start('a', { resumed: true })).toMatchObject({ response: { statusCode: 201 } });
  });

  // A service that stops deletes its Jobs; their pods may take half a minute to go.
  test('one that is still being deleted is waited for, and created anew', async () => {
    server.lingering = true;
    const stopped = new AbortController();
    const { ended } = await start('a', { signal: stopped.signal });
    const rejected = expect(ended).rejects.toThrow();
    stopped.abort();
    await until(() => server.count('DELETE', 'object') === 1);
    const again = start('a', { resumed: true });
    await until(() => server.count('GET', 'object') === 1);
    server.vanish('a');
    expect(await again).toMatchObject({ response: { statusCode: 201 } });
    await rejected;
  });
});

describe('a task that is over', () => {
  test('deletes its Job with its pods, and is done when they are gone', async () => {
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
    // Foreground: the Job stays as long as its pods. The uid: never a Job that got the name later.
    expect(deletion?.body).toMatchObject({ propagationPolicy: 'Foreground', preconditions: { uid } });
    expect(done).toBe(false);
    server.vanish('a');
    await rejected;
  });

  test('leaves no Job behind whose creation was not answered yet', async () => {
    const task = new AbortController();
    server.fault = (method) => {
      if (method !== 'POST') return undefined;
      task.abort(new Error('stopped'));
      return 'lose response';
    };
    await expect(start('a', { signal: task.signal })).rejects.toThrow('stopped');
    expect(server.jobs.size).toBe(0);
  });

  test('says so when its Job cannot be deleted, and is over all the same', async () => {
    const task = new AbortController();
    const { ended } = await start('a', { signal: task.signal });
    server.fault = (method) => (method === 'DELETE' ? { statusCode: 403 } : undefined);
    task.abort(new Error('stopped'));
    await expect(ended).rejects.toThrow('stopped');
    expect(console.error).toHaveBeenCalledWith(expect.stringContaining('jobs/a may still exist'));
  });

  test('a service that stops deletes all its Jobs, and takes no more', async () => {
    const jobs = await Promise.all(['a', 'b', 'c'].map((name) => start(name)));
    const rejected = Promise.allSettled(jobs.map(({ ended }) => ended));
    await runner.stop();
    expect(server.jobs.size).toBe(0);
    await expect(start('d')).rejects.toThrow('the service is stopping');
    expect((await rejected).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
