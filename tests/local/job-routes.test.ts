import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { HistoryEntry, JobList, JobLogs, JobView } from '../../api/responses/job.ts';
import * as examples from '../../api/openapi/examples.ts';
import { eventually, RunningService } from '../harness/running-service.ts';

interface ErrorBody {
  error: { code: string; message: string; details?: { field: string; message: string }[] };
}

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start();
});

afterAll(() => service.stop());

const synthetic = (input: object = {}): object => ({ input: { source: 'synthetic', records: 0, ...input } });
const get = <Body>(path: string) => service.request<Body & ErrorBody>('GET', path);

describe('GET /jobs', () => {
  test('lists jobs newest first, page by page', async () => {
    const ids: string[] = [];
    for (let job = 0; job < 3; job += 1) {
      const jobId = await service.post(synthetic());
      await service.ended(jobId);
      ids.unshift(jobId);
    }
    const first = await get<JobList>('/jobs?limit=2');
    expect(first.status).toBe(200);
    expect(first.body.jobs).toEqual([
      expect.objectContaining({ jobId: ids[0], status: 'SUCCEEDED', origin: 'api' }),
      expect.objectContaining({ jobId: ids[1] }),
    ]);
    const rest = await get<JobList>(`/jobs?limit=2&cursor=${first.body.cursor ?? ''}`);
    expect(rest.body.jobs[0]?.jobId).toBe(ids[2]);
    expect((await get<JobList>('/jobs?status=CANCELLED')).body).toEqual({ jobs: [] });
  });

  test('lists the jobs with one label or several, and those of a schedule', async () => {
    const post = (labels: object) => service.post({ ...synthetic(), labels });
    const ids = [await post({ team: 'search', stage: '1' }), await post({ team: 'search' }), await post({})];
    for (const jobId of ids) await service.ended(jobId);
    const listed = async (query: string) =>
      (await get<JobList>(`/jobs?${query}`)).body.jobs.map(({ jobId }) => jobId);
    expect(await listed('label=team=search')).toEqual([ids[1], ids[0]]);
    // API Gateway joins repeated parameters with a comma.
    expect(await listed('label=team=search&label=stage%3D1')).toEqual([ids[0]]);
    expect(await listed('label=stage=1,team=search')).toEqual([ids[0]]);
    expect(await listed('label=team=sea')).toEqual([]);

    const schedule = { ...synthetic(), cron: '0 0 1 1 *', enabled: false };
    const made = await service.request<{ scheduleId: string }>('POST', '/jobs/schedule', {
      body: JSON.stringify(schedule),
    });
    const { scheduleId } = made.body;
    const run = await service.request<{ jobId: string }>('POST', `/jobs/schedules/${scheduleId}/run`);
    await service.ended(run.body.jobId);
    expect((await get<JobList>(`/jobs?scheduleId=${scheduleId}`)).body).toEqual({
      jobs: [expect.objectContaining({ jobId: run.body.jobId, origin: 'schedule', scheduleId })],
    });
  });

  test('rejects unknown parameters and values', async () => {
    const { status, body } = await get('/jobs?stauts=FAILED');
    expect(status).toBe(400);
    expect(body.error.details).toEqual([
      {
        field: 'stauts',
        message: 'Unknown parameter. Allowed: status, from, to, scheduleId, label, limit, cursor.',
      },
    ]);
  });
});

describe('POST /jobs', () => {
  test('accepts labels and resources, which the job shows and its retry keeps', async () => {
    const options = { labels: { team: 'search', constructor: 'A-17' }, resources: { memory: '1Gi' } };
    const jobId = await service.post({ ...synthetic(), ...options });
    // Before and after Register.
    expect((await get<JobView>(`/jobs/${jobId}`)).body).toMatchObject(options);
    expect(await service.ended(jobId)).toMatchObject({ status: 'SUCCEEDED', ...options });
    const retry = await service.request<{ jobId: string }>('POST', `/jobs/${jobId}/retry`);
    expect(await service.ended(retry.body.jobId)).toMatchObject({ retryOf: jobId, ...options });
    expect((await get<JobList>('/jobs?limit=1')).body.jobs).toMatchObject([{ labels: options.labels }]);
  });

  test('rejects resources beyond the limits, and names the limits', async () => {
    const body = JSON.stringify({ resources: { cpu: '64', memory: '1Mi' } });
    const response = await service.request<ErrorBody>('POST', '/jobs', { body });
    expect(response.status).toBe(400);
    expect(response.body.error.details).toEqual([
      { field: 'resources.cpu', message: 'Allowed: from 10m to 4.' },
      { field: 'resources.memory', message: 'Allowed: from 16Mi to 8Gi.' },
    ]);
  });
});

describe('GET /jobs/{jobId}?wait=', () => {
  test('responds when the job has ended', async () => {
    const jobId = await service.post(synthetic({ records: 100, recordsPerSecond: 100 }));
    const { body } = await get<JobView>(`/jobs/${jobId}?wait=25`);
    expect(body).toMatchObject({ status: 'SUCCEEDED', result: { records: 100 } });
  });

  test('responds after the seconds if it has not', async () => {
    const jobId = await service.post(synthetic({ records: 1_000_000, recordsPerSecond: 1 }));
    const { status, body } = await get<JobView>(`/jobs/${jobId}?wait=1`);
    expect({ status, ended: body.finishedAt }).toEqual({ status: 200, ended: undefined });
    await service.request('DELETE', `/jobs/${jobId}`);
  });

  test.each(['26', '-1', 'long', ''])('rejects %j', async (wait) => {
    const { status, body } = await get(`/jobs/any?wait=${wait}`);
    expect(status).toBe(400);
    expect(body.error.details).toEqual([{ field: 'wait', message: 'Allowed: an integer from 0 to 25.' }]);
  });
});

describe('POST /jobs/{jobId}/retry', () => {
  test('runs an ended job again, as a new job that names the old one', async () => {
    const retryOf = await service.post({ ...synthetic({ failAttempts: 9 }), maxAttempts: 1 });
    expect((await service.ended(retryOf)).status).toBe('FAILED');
    const response = await service.request<{ jobId: string }>('POST', `/jobs/${retryOf}/retry`);
    const { jobId } = response.body;
    expect(response).toMatchObject({ status: 202, body: { status: 'QUEUED', retryOf } });
    expect(response.headers.get('location')).toBe(`/jobs/${jobId}`);
    const old = await service.ended(retryOf);
    expect(await service.ended(jobId)).toMatchObject({ retryOf, input: old.input, maxAttempts: 1 });
    expect(old).not.toHaveProperty('retryOf');
    expect((await get<JobList>('/jobs?limit=1')).body.jobs).toMatchObject([{ jobId, retryOf }]);
  });

  test('rejects a job that has not ended', async () => {
    const jobId = await service.post(synthetic({ records: 1_000_000, recordsPerSecond: 1 }));
    const { status, body } = await service.request<ErrorBody>('POST', `/jobs/${jobId}/retry`);
    expect({ status, code: body.error.code }).toEqual({ status: 409, code: 'Conflict' });
    await service.request('DELETE', `/jobs/${jobId}`);
  });
});

describe('the history and the logs of a job', () => {
  test('the history shows each state and try, the logs the last lines of each attempt', async () => {
    const jobId = await service.post(synthetic({ failAttempts: 1 }));
    await service.ended(jobId);
    const { events } = (await get<{ events: HistoryEntry[] }>(`/jobs/${jobId}/history`)).body;
    expect(events[0]).toEqual({ at: expect.any(String), type: 'ExecutionStarted' });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'TaskFailed', state: 'RunJob', attempt: 0, error: expect.any(String) }),
    );
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'TaskSubmitted', state: 'RunJob', attempt: 1 }),
    );
    const { attempts } = (await get<JobLogs>(`/jobs/${jobId}/logs`)).body;
    expect(attempts.map(({ attempt, status }) => ({ attempt, status }))).toEqual([
      { attempt: 0, status: 'FAILED' },
      { attempt: 1, status: 'SUCCEEDED' },
    ]);
    for (const { lines } of attempts)
      expect(lines.map((line) => JSON.parse(line) as unknown)).not.toEqual([]);
  });

  // What differs between two runs of the same request: ids, times, runners, and what the demonstration computes.
  const comparable = (body: unknown): unknown =>
    JSON.parse(
      JSON.stringify(body, (name, value: unknown) =>
        ['owner', 'result', 'full'].includes(name) ? undefined : value,
      )
        .replaceAll(/[0-9a-z]{26}/g, 'id')
        .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
        .replaceAll(/(runner\\":\\")[0-9a-f]{16}/g, '$1id'),
    );

  test('the example of the OpenAPI document is what it really shows, down to the log lines', async () => {
    const jobId = await service.post(examples.jobRequest);
    expect(comparable(await service.ended(jobId))).toEqual(comparable(examples.job));
    expect(comparable((await get(`/jobs/${jobId}/logs`)).body)).toEqual(comparable(examples.logs));
  });

  // A user who follows a long job, or looks for the reason why one was killed, cannot wait for its end.
  test('the logs show the lines of a running attempt so far', async () => {
    const jobId = await service.post(synthetic({ records: 1_000_000, recordsPerSecond: 1 }));
    const lines = await eventually(async () => {
      const [attempt] = (await get<JobLogs>(`/jobs/${jobId}/logs`)).body.attempts;
      return attempt?.status === 'RUNNING' && attempt.lines.length > 0 ? attempt.lines : undefined;
    }, 'lines of a running attempt');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({ message: 'attempt started' }),
    );
    await service.request('DELETE', `/jobs/${jobId}`);
  });

  test.each(['history', 'logs'])('%s of a job that does not exist is 404', async (part) => {
    expect((await get(`/jobs/01jdd0000000000000000000aa/${part}`)).status).toBe(404);
  });
});

describe('Idempotency-Key', () => {
  const post = (key: string, body: object = synthetic(), path = '/jobs') =>
    service.request<{ jobId: string; status: string } & ErrorBody>('POST', path, {
      headers: { 'idempotency-key': key },
      body: JSON.stringify(body),
    });

  test('the same request again returns the same job, while it runs and after its end', async () => {
    const first = await post('again');
    expect(first.status).toBe(202);
    await service.ended(first.body.jobId);
    const again = await post('again');
    expect(again).toMatchObject({ status: 200, body: { jobId: first.body.jobId, status: 'SUCCEEDED' } });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  test('another request with the key is rejected, before and after the end of the job', async () => {
    const { body } = await post('other', synthetic({ records: 1_000_000, recordsPerSecond: 1 }));
    expect(await post('other')).toMatchObject({ status: 409, body: { error: { code: 'Conflict' } } });
    await service.request('DELETE', `/jobs/${body.jobId}`);
    expect((await post('other')).status).toBe(409);
  });

  test('fifty first requests at once are one job', async () => {
    const before = await service.stats();
    const answers = await Promise.all(Array.from({ length: 50 }, () => post('at-once')));
    expect(answers.filter(({ status }) => status !== 200 && status !== 202)).toEqual([]);
    const ids = new Set(answers.map(({ body }) => body.jobId));
    expect(ids.size).toBe(1);
    for (const jobId of ids) await service.ended(jobId);
    const { succeedJob, jobs } = await service.stats();
    expect({ succeedJob, succeeded: jobs.succeeded }).toEqual({
      succeedJob: before.succeedJob + 1,
      succeeded: before.jobs.succeeded + 1,
    });
  });

  test('a job is run again only once for a key', async () => {
    const old = await service.post(synthetic());
    await service.ended(old);
    const first = await post('run-again', {}, `/jobs/${old}/retry`);
    expect(first.status).toBe(202);
    await service.ended(first.body.jobId);
    const again = await post('run-again', {}, `/jobs/${old}/retry`);
    expect(again).toMatchObject({ status: 200, body: { jobId: first.body.jobId, retryOf: old } });
    expect((await post('run-again')).status).toBe(409);
  });

  test.each(['with space', 'x'.repeat(256)])('%.20s… is not a valid key', async (key) => {
    const { status, body } = await post(key);
    expect(status).toBe(400);
    expect(body.error.details).toMatchObject([{ field: 'Idempotency-Key' }]);
  });
});
