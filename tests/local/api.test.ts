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
  test('responds 202 with the id, the status and the path of the job', async () => {
    const { status, headers, body } = await service.request<{ jobId: string }>('POST', '/jobs');
    expect(status).toBe(202);
    expect(body).toEqual({ jobId: expect.stringMatching(/^[0-9a-z]{26}$/), status: 'QUEUED' });
    expect(headers.get('location')).toBe(`/jobs/${body.jobId}`);
    expect(headers.get('content-type')).toBe('application/json');
  });

  // The original is called with curl --data, which sends a form type; API Gateway passes it on in base64.
  test.each([
    'application/x-www-form-urlencoded',
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    'application/octet-stream',
  ])('accepts JSON with any content type: %s', async (type) => {
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
  ])('rejects %s with the names of the fields', async (body, message, fields) => {
    const response = await service.request<ErrorBody>('POST', '/jobs', { body });
    expect(response.status).toBe(400);
    expect(response.body.error.code).toBe('InvalidRequest');
    expect(response.body.error.message).toContain(message);
    expect((response.body.error.details ?? []).map(({ field }) => field)).toEqual(fields);
    expect(response.body.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('rejects a job that does not fit into an execution with 413 and both figures', async () => {
    const body = JSON.stringify({ input: { source: 'inline', format: 'csv', data: 'a,b\n'.repeat(80_000) } });
    const response = await service.request<ErrorBody>('POST', '/jobs', { body });
    expect(response.status).toBe(413);
    expect(response.body.error.code).toBe('PayloadTooLarge');
    expect(response.body.error.message).toMatch(/takes \d+ bytes .* at most 240000/);
  });

  test('accepts and runs the largest possible job', async () => {
    const overhead = 400;
    const data = `a\n${'x'.repeat(240_000 - overhead)}`;
    const jobId = await service.post({ input: { source: 'inline', format: 'csv', data } });
    expect((await service.ended(jobId)).result).toMatchObject({ records: 1 });
  });
});

describe('GET /jobs/{jobId}', () => {
  test.each(['01jdd0000000000000000000aa', 'nothing', 'UPPER', '..%2Fjobs', 'a'.repeat(49), '%00'])(
    'responds 404 for the id %s',
    async (jobId) => {
      const { status, body } = await service.request<ErrorBody>('GET', `/jobs/${jobId}`);
      expect(status).toBe(404);
      expect(body.error).toEqual({ code: 'NotFound', message: 'The job does not exist.' });
    },
  );

  test('shows a job from the moment its 202 was sent', async () => {
    // Between 202 and Register the job is only an execution: a GET at once must not be 404.
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

  test('cancels a running job: it is CANCELLED at once, its container ends, and no retry begins', async () => {
    // A service of its own: no other job's end is counted meanwhile.
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
  test('cancels a job at the moment it was accepted', async () => {
    for (let round = 0; round < 10; round += 1) {
      const jobId = await service.post({ input: slow });
      expect((await cancel(jobId)).status).toBe(202);
      expect((await service.job(jobId)).status).toBe('CANCELLED');
    }
  });

  test('rejects an ended job, with its status', async () => {
    const jobId = await service.post({ input: { source: 'synthetic', records: 0 } });
    await service.ended(jobId);
    const { status, body } = await cancel(jobId);
    expect(status).toBe(409);
    expect(body.error).toMatchObject({
      code: 'Conflict',
      details: [{ field: 'status', message: 'SUCCEEDED' }],
    });
  });

  test('responds 404 for a job that does not exist', async () => {
    expect(await cancel('01jdd0000000000000000000aa')).toMatchObject({ status: 404 });
  });
});

describe('every route', () => {
  // A misspelt parameter would be ignored silently otherwise.
  const routes = operationsOf(openApiDocument('none')).map(({ method, path }) => `${method} ${path}`);
  test.each(routes)('%s rejects an unknown parameter', async (route) => {
    const [method = '', path = ''] = route.replaceAll(/\{\w+\}/g, '01jdd0000000000000000000aa').split(' ');
    const creates = method === 'POST' && /\/schedules?$/.test(path);
    const body = creates ? { body: '{"cron":"@daily"}' } : {};
    const response = await service.request<ErrorBody>(method, `${path}?stauts=FAILED`, body);
    expect(response.status).toBe(400);
    expect(response.body.error.details).toMatchObject([
      { field: 'stauts', message: expect.stringContaining('Unknown parameter. Allowed: ') },
    ]);
  });

  test.each(['GET /jobs/%00', 'GET /jobs/%F0%9F%98%80', 'DELETE /jobs/..%2F..', 'POST /jobs/%0d%0a/retry'])(
    '%s: a text that cannot be an id is 404',
    async (route) => {
      const [method = '', path = ''] = route.split(' ');
      expect((await service.request(method, path)).status).toBe(404);
    },
  );
});

describe('the gateway does what API Gateway does', () => {
  test('an unknown route is 404 with its body', async () => {
    const response = await service.request('GET', '/nowhere');
    expect(response).toMatchObject({ status: 404, body: { message: 'Not Found' } });
    // API Gateway has no 405.
    for (const method of ['DELETE', 'PUT', 'OPTIONS', 'PATCH']) {
      expect(await service.request(method, '/jobs')).toMatchObject({
        status: 404,
        body: { message: 'Not Found' },
      });
    }
  });

  test('more than 10 MB is rejected before a function is called', async () => {
    const response = await service.request('POST', '/jobs', { body: ' '.repeat(10 * 1024 * 1024 + 1) });
    expect(response).toMatchObject({ status: 413, body: { message: 'Request Entity Too Large' } });
  });

  // A machine with a busy disk or processor does this. A connection that counts as idle meanwhile is closed with the request in it.
  test('requests that arrive while the service is stopped for some seconds get their responses afterwards', async () => {
    const statuses = (): Promise<number[]> =>
      Promise.all(
        Array.from(
          { length: 50 },
          async () => (await service.request('POST', '/jobs', { body: '{' })).status,
        ),
      );
    await statuses();
    service.kill('SIGSTOP');
    const responses = statuses();
    responses.catch(() => undefined);
    await setTimeout(7000);
    service.kill('SIGCONT');
    expect(new Set(await responses)).toEqual(new Set([400]));
  }, 30_000);

  test('GET /openapi.json describes an API without authorization', async () => {
    const { status, body } = await service.request('GET', '/openapi.json');
    expect({ status, body }).toEqual({
      status: 200,
      body: JSON.parse(JSON.stringify(openApiDocument('none'))) as unknown,
    });
  });

  test('GET /health shows whether all parts run', async () => {
    expect(await service.request('GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});
