import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readFunctions } from '../../local/service-definition.ts';
import { Issuer } from '../harness/issuer.ts';
import { Client, RunningService } from '../harness/running-service.ts';

// Which callers are authorized, and what an admin may do: the real service with --auth jwt, called over HTTP. owners.test.ts
// tests that owners do not see each other's jobs.

const root = fileURLToPath(new URL('../..', import.meta.url));
const body = JSON.stringify({ input: { source: 'synthetic', records: 1 } });

describe('npm start -- --auth jwt', () => {
  let service: RunningService;
  let alice: Client;
  let bob: Client;
  let admin: Client;
  let jobId: string;
  let scheduleId: string;

  beforeAll(async () => {
    service = await RunningService.start({ arguments: ['--auth', 'jwt'] });
    [alice, bob, admin] = await Promise.all([
      service.as('alice'),
      service.as('bob'),
      service.as('root', 'jobs:admin'),
    ]);
    jobId = await alice.post(JSON.parse(body) as object);
    await alice.ended(jobId);
    const schedule = JSON.stringify({ cron: '0 7 1 1 *' });
    const made = await alice.request<{ scheduleId: string }>('POST', '/jobs/schedule', { body: schedule });
    ({ scheduleId } = made.body);
  }, 600_000);

  afterAll(async () => {
    await service.stop();
  });

  // The routes are read from serverless.yml, so that none can be forgotten.
  const routes = readFunctions(root).flatMap((definition) => definition.routes);
  const pathOf = (route: string): [string, string] => {
    const [method = '', path = ''] = route.split(' ');
    return [method, path.replace('{jobId}', jobId).replace('{scheduleId}', scheduleId)];
  };

  test.each(routes)('%s rejects a request without a token, as API Gateway does', async (route) => {
    const { status, headers, body: response } = await service.request(...pathOf(route));
    expect({ status, response }).toEqual({ status: 401, response: { message: 'Unauthorized' } });
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('apigw-requestid')).toEqual(expect.any(String));
  });

  test.each(routes)('%s requires the scope of its method', async (route) => {
    const [method, path] = pathOf(route);
    const [right, wrong] = method === 'GET' ? ['read', 'write'] : ['write', 'read'];
    const client = await service.as('carol', `jobs:${wrong}`);
    const { status, headers, body: response } = await client.request(method, path);
    expect({ status, response }).toEqual({ status: 403, response: { message: 'Forbidden' } });
    expect(headers.get('www-authenticate')).toContain(
      `Bearer scope="jobs:${right} jobs:admin" error="insufficient_scope"`,
    );
  });

  test('an expired token is rejected, and the response has the reason', async () => {
    const late = new Client(service.port, await service.token({ seconds: -1 }));
    const { status, headers } = await late.request('GET', '/jobs');
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain('error_description="the token has expired"');
  });

  test('a token of another service’s key is rejected', async () => {
    const other = await RunningService.start({ arguments: ['--auth', 'jwt'] });
    try {
      const { status } = await (await other.as('alice')).request('GET', '/jobs');
      expect(status).toBe(200);
      const client = new Client(service.port, await other.token());
      expect((await client.request('GET', '/jobs')).status).toBe(401);
    } finally {
      await other.stop();
    }
  });

  test('a job belongs to the caller that posted it', async () => {
    expect(await alice.job(jobId)).toMatchObject({ jobId, owner: 'alice', status: 'SUCCEEDED' });
    expect((await alice.request('GET', '/jobs')).body).toMatchObject({ jobs: [{ jobId }] });
    expect((await bob.request('GET', '/jobs')).body).toEqual({ jobs: [] });
    expect((await bob.request('GET', '/jobs/schedules')).body).toEqual({ schedules: [] });
  });

  describe('an admin', () => {
    test('lists only their own jobs and schedules', async () => {
      expect((await admin.request('GET', '/jobs')).body).toEqual({ jobs: [] });
      expect((await admin.request('GET', '/jobs/schedules')).body).toEqual({ schedules: [] });
    });

    test('reads another owner’s job, and runs it again for that owner', async () => {
      expect(await admin.job(jobId)).toMatchObject({ owner: 'alice' });
      const retry = await admin.request<{ jobId: string }>('POST', `/jobs/${jobId}/retry`);
      expect(retry.status).toBe(202);
      expect(await alice.ended(retry.body.jobId)).toMatchObject({ owner: 'alice', retryOf: jobId });
    });

    test('reads, changes, runs and deletes another owner’s schedule, which keeps its owner', async () => {
      const path = `/jobs/schedules/${scheduleId}`;
      expect((await admin.request('GET', path)).body).toMatchObject({ owner: 'alice' });
      const change = await admin.request('PATCH', path, { body: '{"enabled":false}' });
      expect(change.body).toMatchObject({ owner: 'alice', status: 'PAUSED', state: 'PAUSED' });
      const ran = await admin.request<{ jobId: string }>('POST', `${path}/run`);
      expect(await alice.ended(ran.body.jobId)).toMatchObject({ owner: 'alice', scheduleId });
      expect((await bob.request('GET', `/jobs/${ran.body.jobId}`)).status).toBe(404);
      expect((await alice.request('GET', '/jobs/schedules')).body).toMatchObject({
        schedules: [{ scheduleId }],
      });
      expect((await admin.request('DELETE', path)).status).toBe(200);
      expect((await alice.request('GET', path)).status).toBe(404);
    });
  });

  test('the token of npm run token is accepted, and is not in any output', async () => {
    const { stdout } = await promisify(execFile)(
      'npm',
      ['run', '--silent', 'token', '--', '--state-dir', service.stateDirectory, '--sub', 'dora'],
      { cwd: root },
    );
    const [token = '', ...more] = stdout.split('\n');
    expect(more).toEqual(['']);
    const dora = new Client(service.port, token);
    expect((await dora.request('GET', '/jobs')).body).toEqual({ jobs: [] });
    expect((await dora.request('DELETE', `/jobs/${jobId}`)).status).toBe(404);
    expect(service.output).toContain(
      `try: curl -X POST ${service.url}/jobs -H "authorization: Bearer $(npm run --silent token -- --state-dir '${service.stateDirectory}')"`,
    );
    expect(service.output).not.toMatch(/eyJ|PRIVATE/);
  });

  test('GET /health requires no token', async () => {
    expect((await service.request('GET', '/health')).status).toBe(200);
  });
});

describe('npm start -- --auth jwt --jwt-issuer', () => {
  let issuer: Issuer;
  const options = (): string[] => [
    '--auth',
    'jwt',
    '--jwt-issuer',
    issuer.url,
    '--jwt-audience',
    'mine,ours',
  ];

  beforeAll(async () => {
    issuer = await Issuer.start();
  });

  afterAll(async () => {
    await issuer.stop();
  });

  test('accepts tokens of the issuer, and not its own', async () => {
    const service = await RunningService.start({ arguments: options() });
    try {
      const status = async (token: string, path = '/jobs'): Promise<number> =>
        (await new Client(service.port, token).request('GET', path)).status;
      const right = { sub: 'alice', aud: 'ours', scp: ['jobs:read'] };
      expect(await status(issuer.token(right))).toBe(200);
      expect(await status(issuer.token({ ...right, aud: 'theirs' }))).toBe(401);
      expect(await status(issuer.token({ ...right, scp: ['openid'] }))).toBe(403);
      expect(await status(await service.token())).toBe(401);
      const unnamed = new Client(service.port, issuer.token({ ...right, sub: undefined }));
      expect(await unnamed.request('GET', '/jobs')).toMatchObject({
        status: 403,
        body: { error: { code: 'Forbidden', message: expect.stringContaining('claim sub') } },
      });
    } finally {
      await service.stop();
    }
  }, 120_000);

  test.each([
    [
      'a configuration of another issuer',
      { issuer: 'https://other.example' },
      'names the issuer https://other.example',
    ],
    ['a configuration without keys', { jwks_uri: undefined }, 'cannot be read: '],
    [
      'keys that an attacker on the network path can replace',
      { jwks_uri: 'http://issuer.example/keys' },
      'must be https',
    ],
    ['an endless configuration', { padding: 'x'.repeat(2 * 1024 * 1024) }, 'the response is too long'],
  ])('does not start with %s', async (_name, configuration, reason) => {
    issuer.configuration = configuration;
    const service = await RunningService.launch({ arguments: options() });
    try {
      expect(await service.exit()).toBe(1);
      expect(service.output).toMatch(/^eks-jobs: http:/);
      expect(service.output).toContain(reason);
    } finally {
      issuer.configuration = {};
      await service.stop();
    }
  });
});
