import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eksJobs } from './command-line.ts';
import { FakeApi } from './fake-api.ts';
import { jobView } from './jobs.ts';

/** Scripts go by the exit code and by what is on standard output: both are promises. */
const jobId = jobView().jobId;
let api: FakeApi;

beforeEach(async () => {
  api = await FakeApi.start();
});

afterEach(() => api.stop());

const against = (...line: string[]) => eksJobs([...line, '--api', api.url, '--retries', '0']);

describe('the exit code of --wait is how the job ended', () => {
  test.each([
    ['SUCCEEDED', 0],
    ['FAILED', 10],
    ['CANCELLED', 11],
    ['TIMED_OUT', 12],
  ] as const)('%s: %i', async (status, code) => {
    api.script = [{ body: jobView({ status: 'RUNNING' }) }, { body: jobView({ status }) }];
    const said = await against('get', jobId, '--wait');
    expect(said.code).toBe(code);
    expect(said.out).toMatch(new RegExp(`^Status +${status}$`, 'm'));
    expect(said.err).toBe(`eks-jobs: job ${jobId} is RUNNING\n`);
  });

  test('13 where it has not ended after --wait-seconds', async () => {
    api.script = [{ body: jobView({ status: 'RUNNING' }) }];
    const { code, out, err } = await against('get', jobId, '--wait', '--wait-seconds', '1');
    expect({ code, out }).toEqual({ code: 13, out: '' });
    expect(err).toContain('is still RUNNING after 1 s and goes on');
  });

  test('a job that was just posted may not be seen yet, one of long ago is not there', async () => {
    const error = { code: 'NotFound', message: 'There is no such job.' };
    const notFound = { status: 404, body: { error, requestId: 'r-1' } };
    api.script = [
      { status: 202, body: { jobId, status: 'QUEUED' } },
      notFound,
      notFound,
      { body: jobView() },
    ];
    expect(await against('submit', '--wait')).toMatchObject({ code: 0 });
    api.script = [notFound];
    expect(await against('get', jobId, '--wait')).toMatchObject({ code: 1 });
    expect(api.received).toHaveLength(5);
  });

  test('130 after Ctrl-C, which says that the job goes on', async () => {
    const interruption = new AbortController();
    api.route = ({ url }) => {
      if (url.includes('wait=')) interruption.abort();
      return { body: jobView({ status: 'RUNNING' }) };
    };
    const line = ['get', jobId, '--wait', '--api', api.url];
    const { code, err } = await eksJobs(line, { interrupted: interruption.signal });
    expect(code).toBe(130);
    expect(err).toContain(`Job ${jobId} goes on. To follow it: eks-jobs get ${jobId} --wait\n`);
    expect(err).toContain(`To cancel it: eks-jobs cancel ${jobId}\n`);
  });
});

describe('the exit code without a job', () => {
  test('0, and the API’s own answer with --output json', async () => {
    // More digits than a double has: what came is what goes out.
    const result = '{"key":12345678901234567890,"share":1.0}';
    const text = JSON.stringify(jobView({ result: 'RESULT' })).replace('"RESULT"', result);
    api.script = [{ body: text }];
    expect(await against('get', jobId, '--output', 'json')).toEqual({ code: 0, out: `${text}\n`, err: '' });
  });

  test('1 where the API refuses, with every field it names and the requestId', async () => {
    const details = [{ field: 'labels.Team', message: 'Allowed keys: …' }];
    api.script = [
      { status: 400, body: { error: { code: 'InvalidRequest', message: 'No.', details }, requestId: 'r-1' } },
    ];
    expect(await against('submit', '--label', 'Team=red')).toEqual({
      code: 1,
      out: '',
      err: 'eks-jobs: InvalidRequest: No.\n  labels.Team: Allowed keys: …\n  requestId: r-1\n',
    });
  });

  test.each([
    ['an unknown command', ['sumbit'], 'Did you mean submit?'],
    ['an unknown option', ['submit', '--lable', 'a=b'], 'unknown option'],
    ['no argument', ['get'], "missing required argument 'jobId'"],
    ['too many', ['get', jobId, jobId], 'too many arguments'],
    ['what is no id', ['get', 'stats'], 'Allowed: an id'],
    ['a status that there is not', ['list', '--status', 'DONE'], 'Allowed choices are QUEUED'],
    ['a time that is none', ['list', '--from', 'yesterday'], 'RFC 3339'],
    ['two limits', ['list', '--all', '--limit', '3'], 'cannot be used with'],
    ['a timeout beyond what is allowed', ['submit', '--timeout', '21601'], 'from 1 to 21600'],
    ['a label without a value', ['submit', '--label', 'team'], 'KEY=VALUE'],
    ['a label twice', ['submit', '--label', 'a=1', '--label', 'a=2'], 'given twice'],
    ['an input that is no JSON', ['submit', '--input', '{'], '--input is not JSON'],
    ['an input that is no object', ['submit', '--input', '[1]'], 'no JSON object'],
    [
      'an input that is not there',
      ['submit', '--input', '@/nowhere/at.json'],
      '/nowhere/at.json cannot be read',
    ],
    ['a key with spaces', ['submit', '--idempotency-key', 'a b'], 'visible ASCII'],
    ['a change of nothing', ['schedule', 'update', jobId], 'nothing would change'],
    ['jwt without a token', ['list', '--auth', 'jwt'], 'EKS_JOBS_TOKEN'],
  ])('2 for %s', async (_what, line, reason) => {
    const { code, out, err } = await against(...line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^eks-jobs: /);
    expect(err).toContain(reason);
    expect(api.received).toEqual([]);
  });

  test('3 where nobody answers, with what to do', async () => {
    const { url } = api;
    await api.stop();
    const { code, err } = await eksJobs(['stats', '--api', url, '--retries', '0']);
    expect(code).toBe(3);
    expect(err).toMatch(/cannot be reached: .*ECONNREFUSED.*\n {2}Is it running\? `npm start`/);
    api = await FakeApi.start();
  });

  test.each([
    ['a page', { headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['another JSON API', { body: { hello: 'world' } }],
    ['a list', { body: '[]' }],
    ['a redirection, which is not followed', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
    ['no such route', { status: 404, body: { message: 'Not Found' } }],
  ])('3 where what answers is no eks-jobs API: %s', async (_what, answer) => {
    api.script = [answer];
    const { code, err } = await against('stats');
    expect(code).toBe(3);
    expect(err).toContain('is no eks-jobs API');
    expect(api.received).toHaveLength(1);
  });

  test.each([
    [['--auth', 'none'], 401, 'No credentials were sent'],
    [['--token', 'a.b.c'], 401, 'The token is not accepted'],
    [['--token', 'a.b.c'], 403, 'lacks a scope'],
  ])('4 where the API lets nobody in: %j, %i', async (who, status, reason) => {
    api.script = [{ status, headers: { 'apigw-requestid': 'g-1' }, body: { message: 'Forbidden' } }];
    const { code, err } = await against('stats', ...who);
    expect(code).toBe(4);
    expect(err).toContain(reason);
    expect(err).toContain('requestId: g-1');
  });
});

test('what others wrote cannot steer the terminal', async () => {
  const error = { code: 'Bad', message: '\u001b[2Jcleared\u202e\nStatus      SUCCEEDED' };
  api.script = [{ body: jobView({ status: 'FAILED', error, owner: 'mal\u0007lory' }) }];
  const { out } = await against('get', jobId);
  expect(out).toMatch(/^Error +Bad: cleared\\u202e\\nStatus {6}SUCCEEDED$/m);
  expect(out).toContain('mal\\u0007lory');
});
