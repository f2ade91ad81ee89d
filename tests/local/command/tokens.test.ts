import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RunningService } from '../../harness/running-service.ts';
import { bin, type ProcessResult, runInPipes } from './bin.ts';

/** The command at an API that requires tokens: each subject has its own jobs, and a rejected token is explained. */
let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start({ arguments: ['--auth', 'jwt'] });
});

afterAll(() => service.stop());

const withToken = (token: string | undefined, ...line: string[]): Promise<ProcessResult> =>
  runInPipes([bin, ...line], { more: { EKS_JOBS_API: service.url, EKS_JOBS_TOKEN: token } });

const quick = ['submit', '--input', '{"source": "synthetic", "records": 3}'];

test('each subject sees only its own jobs', async () => {
  const [ann, bob] = [await service.token({ sub: 'ann' }), await service.token({ sub: 'bob' })];
  const submitted = await withToken(ann, ...quick, '--wait');
  expect(submitted).toMatchObject({ code: 0, out: expect.stringMatching(/^Owner +ann$/m) });
  const [, jobId = ''] = /^Job +(\S+)$/m.exec(submitted.out) ?? [];
  expect((await withToken(ann, 'list')).out).toContain(jobId);
  expect((await withToken(bob, 'list')).out).not.toContain(jobId);
  expect(await withToken(bob, 'cancel', jobId)).toMatchObject({
    code: 1,
    err: expect.stringContaining('NotFound'),
  });
});

test.each([[undefined], ['']])(
  'without a token (%j) the exit code is 4, with how to get one',
  async (token) => {
    const { code, err } = await withToken(token, 'stats');
    expect(code).toBe(4);
    expect(err).toContain('`npm run token` makes a token for this machine');
  },
);

test('a token without the scope to change is rejected with the scope that it lacks', async () => {
  const token = await service.token({ scope: 'jobs:read' });
  expect((await withToken(token, 'stats')).code).toBe(0);
  const { code, err } = await withToken(token, ...quick);
  expect(code).toBe(4);
  expect(err).toContain('jobs:write to change');
  expect((await withToken(token, 'doctor', '--no-canary')).out).toMatch(
    /^ok +identity +alice,.* scopes jobs:read,/m,
  );
});

test('doctor reports when a token expired, and the API’s own reason', async () => {
  const { code, out } = await withToken(await service.token({ seconds: -3600 }), 'doctor');
  expect(code).toBe(1);
  expect(out).toMatch(/^failed +identity +the token of alice expired at /m);
  expect(out).toMatch(
    /^failed +access +HTTP 401: Unauthorized\n +Reason given by the API: the token has expired$/m,
  );
});
