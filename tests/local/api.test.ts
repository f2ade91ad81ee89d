import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openApiDocument } from '../../api/openapi/document.ts';
import { containersOf } from '../compliance/containers.ts';
import { operationsOf } from '../harness/operations.ts';
import { eventually, RunningService } from '../harness/running-service.ts';

interface ErrorBody {
  error: { code: string; message: string; details?: { field: string; message: string }[] };
  requestId: string;
}

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start();
});

afterAll(() => service.stop());

describe('POST /jobs', () => {
  test('answers 202 with the id, the status and where to look', async () => {
    const { status, headers, body } = await service.request<{ jobId: string }>('POST', '/jobs');
    expect(status).toBe(202);
    expect(body).toEqual({ jobId: expect.stringMatching(/^[0-9a-z]{26}$/), status: 'QUEUED' });
    expect(headers.get('location')).toBe(`/jobs/${body.jobId}`);
    expect(headers.get('content-type')).toBe('application/json');
  });

  // The original's own command: curl --data sends a form type, which API Gateway hands over in base64.
  test.each([
    'application/x-www-form-urlencoded',
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    'application/octet-stream',
  ])('takes JSON whatever its content type says: %s', async (type) => {
    const input = { source: 'synthetic', records: 0, seed: 7 };
    const { status, body } = await service.request<{ jobId: string }>('POST', '/jobs', {
      body: JSON.stringify({ input }),
      headers: { 'content-type': type },
    });
    expect(status).toBe(202);
    expect((await service.ended(body.jobId)).input).toEqual(input);
  });

  test.each([
    ['{"input":', 'The body is not JSON', []],
    ['"text"', 'not a job request', ['body']],
    ['{"input":7}', 'not a job request', ['input']],
    ['{"records":7,"inputs":{}}', 'not a job request', ['records', 'inputs']],
  ])('refuses %s with the names of the fields', async (body, words, fields) => {
    const answer = await service.request<ErrorBody>('POST', '/jobs', { body });
    expect(answer.status).toBe(400);
    expect(answer.body.error.code).toBe('InvalidRequest');
    expect(answer.body.error.message).toContain(words);
    expect((answer.body.error.details ?? []).map(({ field }) => field)).toEqual(fields);
    expect(answer.body.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('refuses what would not fit into an execution with 413 and both figures', async () => {
    const body = JSON.stringify({ input: { source: 'inline', format: 'csv', data: 'a,b\n'.repeat(80_000) } });
    const answer = await service.request<ErrorBody>('POST', '/jobs', { body });
    expect(answer.status).toBe(413);
    expect(answer.body.error.code).toBe('PayloadTooLarge');
    expect(answer.body.error.message).toMatch(/takes \d+ bytes .* at most 240000/);
  });

  test('takes the largest job there can be, and runs it', async () => {
    const overhead = 400;
    const data = `a\n${'x'.repeat(240_000 - overhead)}`;
    const jobId = await service.post({ input: { source: 'inline', format: 'csv', data } });
    expect((await service.ended(jobId)).result).toMatchObject({ records: 1 });
  });
});

describe('GET /jobs/{jobId}', () => {
  test.each(['01jdd0000000000000000000aa', 'nothing', 'UPPER', '..%2Fjobs', 'a'.repeat(49), '%00'])(
    'knows no job %s and says 404',
    async (jobId) => {
      const { status, body } = await service.request<ErrorBody>('GET', `/jobs/${jobId}`);
      expect(status).toBe(404);
      expect(body.error).toEqual({ code: 'NotFound', message: 'The job does not exist.' });
    },
  );

  test('knows a job from the moment its 202 was sent', async () => {
    // Between 202 and Register the job is only an execution: asking at once must not answer 404.
    for (let round = 0; round < 20; round += 1) {
      const jobId = await service.post({ input: { source: 'synthetic', records: 0 } });
      const job = await service.job(jobId);
      expect(job).toMatchObject({ jobId, owner: 'local', origin: 'api' });
      expect(job.input).toEqual({ source: 'synthetic', records: 0 });
    }
  });
});

describe('DELETE /jobs/{jobId}', () => {
  const slow = { source: 'synthetic', records: 1_000_000, recordsPerSecond: 100 };
  const cancel = (jobId: string) =>
    service.request<{ status: string } & ErrorBody>('DELETE', `/jobs/${jobId}`);

  test('cancels a running job: it is CANCELLED at once, its container ends, nothing is tried again', async () => {
    // Alone: no other job's end is counted meanwhile.
    const alone = await RunningService.start();
    try {
      const jobId = await alone.post({ input: slow });
      const running = async () => (await alone.job(jobId)).status === 'RUNNING' || undefined;
      await eventually(running, 'a running job');
      const cancelAlone = () => alone.request('DELETE', `/jobs/${jobId}`);
      expect(await cancelAlone()).toMatchObject({ status: 202, body: { jobId, status: 'CANCELLED' } });
      expect(await alone.job(jobId)).toMatchObject({
        status: 'CANCELLED',
        attempts: [{ status: 'CANCELLED' }],
      });
      await eventually(() => containersOf(jobId).length === 0 || undefined, 'no container is left');
      expect(await cancelAlone()).toMatchObject({ status: 202 });
      expect(await alone.stats()).toEqual({
        succeedJob: 0,
        jobRetry: 0,
        failedJob: 0,
        jobs: { succeeded: 0, failed: 0, cancelled: 1, timedOut: 0 },
      });
    } finally {
      await alone.stop();
    }
  });

  // Right after the 202 the job may still be an execution only.
  test('cancels a job the moment it was accepted', async () => {
    for (let round = 0; round < 10; round += 1) {
      const jobId = await service.post({ input: slow });
      expect((await cancel(jobId)).status).toBe(202);
      expect((await service.job(jobId)).status).toBe('CANCELLED');
    }
  });

  test('refuses a job that has ended, with its status', async () => {
    const jobId = await service.post({ input: { source: 'synthetic', records: 0 } });
    await service.ended(jobId);
    const { status, body } = await cancel(jobId);
    expect(status).toBe(409);
    expect(body.error).toMatchObject({
      code: 'Conflict',
      details: [{ field: 'status', message: 'SUCCEEDED' }],
    });
  });

  test('knows no job that is not there', async () => {
    expect(await cancel('01jdd0000000000000000000aa')).toMatchObject({ status: 404 });
  });
});

describe('every route', () => {
  // A misspelt parameter would be passed over in silence otherwise.
  const routes = operationsOf(openApiDocument('none')).map(({ method, path }) => `${method} ${path}`);
  test.each(routes)('%s refuses a parameter that it does not know', async (route) => {
    const [method = '', path = ''] = route.replaceAll(/\{\w+\}/g, '01jdd0000000000000000000aa').split(' ');
    const creates = method === 'POST' && /\/schedules?$/.test(path);
    const body = creates ? { body: '{"cron":"@daily"}' } : {};
    const answer = await service.request<ErrorBody>(method, `${path}?stauts=FAILED`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.details).toMatchObject([
      { field: 'stauts', message: expect.stringContaining('Unknown parameter. Allowed: ') },
    ]);
  });

  test.each(['GET /jobs/%00', 'GET /jobs/%F0%9F%98%80', 'DELETE /jobs/..%2F..', 'POST /jobs/%0d%0a/retry'])(
    '%s: what no id can be is 404',
    async (route) => {
      const [method = '', path = ''] = route.split(' ');
      expect((await service.request(method, path)).status).toBe(404);
    },
  );
});

describe('the gateway does what API Gateway does', () => {
  test('an unknown route is 404 in its words', async () => {
    const answer = await service.request('GET', '/nowhere');
    expect(answer).toMatchObject({ status: 404, body: { message: 'Not Found' } });
    // It knows no 405.
    for (const method of ['DELETE', 'PUT', 'OPTIONS', 'PATCH']) {
      expect(await service.request(method, '/jobs')).toMatchObject({
        status: 404,
        body: { message: 'Not Found' },
      });
    }
  });

  test('more than 10 MB is refused before any function sees it', async () => {
    const answer = await service.request('POST', '/jobs', { body: ' '.repeat(10 * 1024 * 1024 + 1) });
    expect(answer).toMatchObject({ status: 413, body: { message: 'Request Entity Too Large' } });
  });

  // As a machine does whose disk or processor is busy. A connection that counts as idle meanwhile is closed with the request in it.
  test('what comes while the service stands still for some seconds is answered afterwards', async () => {
    const statuses = (): Promise<number[]> =>
      Promise.all(
        Array.from(
          { length: 50 },
          async () => (await service.request('POST', '/jobs', { body: '{' })).status,
        ),
      );
    await statuses();
    service.kill('SIGSTOP');
    const answered = statuses();
    answered.catch(() => undefined);
    await setTimeout(7000);
    service.kill('SIGCONT');
    expect(new Set(await answered)).toEqual(new Set([400]));
  }, 30_000);

  test('GET /openapi.json describes an API without authorization', async () => {
    const { status, body } = await service.request('GET', '/openapi.json');
    expect({ status, body }).toEqual({
      status: 200,
      body: JSON.parse(JSON.stringify(openApiDocument('none'))) as unknown,
    });
  });

  test('GET /health says whether the parts live', async () => {
    expect(await service.request('GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});
