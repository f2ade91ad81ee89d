import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eksJobs } from './run-command.ts';
import { FakeApi } from './fake-api.ts';
import { jobView } from './views.ts';

/** Scripts depend on the exit code and on standard output: both are promises. */
const jobId = jobView().jobId;
let api: FakeApi;

beforeEach(async () => {
  api = await FakeApi.start();
});

afterEach(() => api.stop());

const against = (...line: string[]) => eksJobs([...line, '--api', api.url, '--retries', '0']);

describe('the exit code of --wait is the outcome of the job', () => {
  test.each([
    ['SUCCEEDED', 0],
    ['FAILED', 10],
    ['CANCELLED', 11],
    ['TIMED_OUT', 12],
  ] as const)('%s: %i', async (status, code) => {
    api.script = [{ body: jobView({ status: 'RUNNING' }) }, { body: jobView({ status }) }];
    const result = await against('get', jobId, '--wait');
    expect(result.code).toBe(code);
    expect(result.out).toMatch(new RegExp(`^Status +${status}$`, 'm'));
    expect(result.err).toBe(`eks-jobs: job ${jobId} is RUNNING\n`);
  });

  test('13 if it has not ended after --wait-seconds', async () => {
    api.script = [{ body: jobView({ status: 'RUNNING' }) }];
    const { code, out, err } = await against('get', jobId, '--wait', '--wait-seconds', '1');
    expect({ code, out }).toEqual({ code: 13, out: '' });
    expect(err).toContain('is still RUNNING after 1 s; it continues');
  });

  test('404 is retried for a job that was just posted, and not for another', async () => {
    const error = { code: 'NotFound', message: 'The job does not exist.' };
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

  test('130 after Ctrl-C, with the hint that the job continues', async () => {
    const interruption = new AbortController();
    api.route = ({ url }) => {
      if (url.includes('wait=')) interruption.abort();
      return { body: jobView({ status: 'RUNNING' }) };
    };
    const line = ['get', jobId, '--wait', '--api', api.url];
    const { code, err } = await eksJobs(line, { interrupted: interruption.signal });
    expect(code).toBe(130);
    expect(err).toContain(`Job ${jobId} continues. To follow it: eks-jobs get ${jobId} --wait\n`);
    expect(err).toContain(`To cancel it: eks-jobs cancel ${jobId}\n`);
  });
});

describe('the exit code without a job', () => {
  test('0, and the API’s unchanged response with --output json', async () => {
    // More digits than a double has.
    const result = '{"key":12345678901234567890,"share":1.0}';
    const text = JSON.stringify(jobView({ result: 'RESULT' })).replace('"RESULT"', result);
    api.script = [{ body: text }];
    expect(await against('get', jobId, '--output', 'json')).toEqual({ code: 0, out: `${text}\n`, err: '' });
  });

  test('1 if the API rejects the request, with every field that it names and the requestId', async () => {
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
    ['a missing argument', ['get'], "missing required argument 'jobId'"],
    ['too many arguments', ['get', jobId, jobId], 'too many arguments'],
    ['a value that is not an id', ['get', 'stats'], 'Allowed: an id'],
    ['an unknown status', ['list', '--status', 'DONE'], 'Allowed choices are QUEUED'],
    ['a value that is not a time', ['list', '--from', 'yesterday'], 'RFC 3339'],
    ['two limits', ['list', '--all', '--limit', '3'], 'cannot be used with'],
    ['a timeout above the maximum', ['submit', '--timeout', '21601'], 'from 1 to 21600'],
    ['a label without a value', ['submit', '--label', 'team'], 'KEY=VALUE'],
    ['a label twice', ['submit', '--label', 'a=1', '--label', 'a=2'], 'given twice'],
    ['an input that is not JSON', ['submit', '--input', '{'], '--input is not JSON'],
    ['an input that is not an object', ['submit', '--input', '[1]'], 'not a JSON object'],
    [
      'an input file that does not exist',
      ['submit', '--input', '@/nowhere/at.json'],
      '/nowhere/at.json cannot be read',
    ],
    ['a key with spaces', ['submit', '--idempotency-key', 'a b'], 'visible ASCII'],
    ['an update without changes', ['schedule', 'update', jobId], 'nothing would change'],
    ['jwt without a token', ['list', '--auth', 'jwt'], 'EKS_JOBS_TOKEN'],
  ])('2 for %s', async (_what, line, reason) => {
    const { code, out, err } = await against(...line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^eks-jobs: /);
    expect(err).toContain(reason);
    expect(api.received).toEqual([]);
  });

  test('3 if the API cannot be reached, with a hint', async () => {
    const { url } = api;
    await api.stop();
    const { code, err } = await eksJobs(['stats', '--api', url, '--retries', '0']);
    expect(code).toBe(3);
    expect(err).toMatch(/cannot be reached: .*ECONNREFUSED.*\n {2}Is it running\? `npm start`/);
    api = await FakeApi.start();
  });

  test.each([
    ['an HTML page', { headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['another JSON API', { body: { hello: 'world' } }],
    ['a list', { body: '[]' }],
    ['a redirection, which is not followed', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
    ['an unknown route', { status: 404, body: { message: 'Not Found' } }],
  ])('3 if the response is not from an eks-jobs API: %s', async (_what, response) => {
    api.script = [response];
    const { code, err } = await against('stats');
    expect(code).toBe(3);
    expect(err).toContain('does not look like');
    expect(api.received).toHaveLength(1);
  });

  test.each([
    [['--auth', 'none'], 401, 'No credentials were sent'],
    [['--token', 'a.b.c'], 401, 'The token is not accepted'],
    [['--token', 'a.b.c'], 403, 'lacks a scope'],
  ])('4 if the caller is unauthorized: %j, %i', async (credentials, status, reason) => {
    api.script = [{ status, headers: { 'apigw-requestid': 'g-1' }, body: { message: 'Forbidden' } }];
    const { code, err } = await against('stats', ...credentials);
    expect(code).toBe(4);
    expect(err).toContain(reason);
    expect(err).toContain('requestId: g-1');
  });
});

test('text of others cannot control the terminal', async () => {
  const error = { code: 'Bad', message: '\u001b[2Jcleared\u202e\nStatus      SUCCEEDED' };
  api.script = [{ body: jobView({ status: 'FAILED', error, owner: 'mal\u0007lory' }) }];
  const { out } = await against('get', jobId);
  expect(out).toMatch(/^Error +Bad: cleared\\u202e\\nStatus {6}SUCCEEDED$/m);
  expect(out).toContain('mal\\u0007lory');
});
