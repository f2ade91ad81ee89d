import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GetScheduleCommand, ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import type { ScheduleView } from '../../api/responses/schedule.ts';
import { RunningService } from '../harness/running-service.ts';

interface ErrorBody {
  error: { code: string; message: string; details?: { field: string; message: string }[] };
}
type Full = ScheduleView & { input: unknown };

let service: RunningService;
let scheduler: SchedulerClient;

beforeAll(async () => {
  service = await RunningService.start();
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  scheduler = new SchedulerClient({ endpoint: service.schedulerUrl, region: 'us-east-1', credentials });
});
afterAll(async () => {
  scheduler.destroy();
  await service.stop();
});

const send = <Body>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  service.request<Body>(method, path, { headers, ...(body !== undefined && { body: JSON.stringify(body) }) });

const make = async (body: object): Promise<Full> => (await send<Full>('POST', '/jobs/schedule', body)).body;

const names = async (prefix?: string): Promise<string[]> => {
  const listed = await scheduler.send(
    new ListSchedulesCommand({ GroupName: 'eks-jobs-local', NamePrefix: prefix }),
  );
  return (listed.Schedules ?? []).map(({ Name = '' }) => Name);
};

describe('POST /jobs/schedule', () => {
  test('answers 201 with the id, the AWS expressions and the next five runs', async () => {
    const request = {
      cron: '0 7 13 * MON',
      timezone: 'Europe/Berlin',
      name: 'Monday, or the 13th',
      input: { a: 1 },
    };
    const { status, headers, body } = await send<Full>('POST', '/jobs/schedule', request);
    expect(status).toBe(201);
    expect(body).toEqual({
      scheduleId: expect.stringMatching(/^[0-9a-z]{26}$/),
      status: 'ACTIVE',
      state: 'ACTIVE',
      owner: 'local',
      ...request,
      timeoutSeconds: 3600,
      maxAttempts: 3,
      expressions: ['cron(0 7 13 * ? *)', 'cron(0 7 ? * MON *)'],
      nextRuns: expect.any(Array),
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect(headers.get('location')).toBe(`/jobs/schedules/${body.scheduleId}`);
    expect(body.nextRuns).toHaveLength(5);
    for (const run of body.nextRuns) {
      const shown = new Date(run).toLocaleString('en-GB', {
        timeZone: 'Europe/Berlin',
        weekday: 'short',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
      });
      expect(shown).toMatch(/^(Mon|\w{3},? 13).*07:00$/);
    }
    // Two schedules there, one here.
    expect(await names(body.scheduleId)).toEqual([`${body.scheduleId}-1`, `${body.scheduleId}-2`]);
    expect((await send<Full>('GET', `/jobs/schedules/${body.scheduleId}`)).body).toEqual(body);
  });

  test('keeps the digits of the input, and hands over start, end and state', async () => {
    const [startAt, endAt] = ['2099-01-01T00:00:00+01:00', '2099-02-01T00:00:00Z'];
    const body = `{"cron":"@daily","input":{"n":12345678901234567890},"enabled":false,"startAt":"${startAt}","endAt":"${endAt}"}`;
    const created = await service.request<Full>('POST', '/jobs/schedule', { body });
    expect(created.body).toMatchObject({
      state: 'PAUSED',
      nextRuns: [],
      startAt: '2098-12-31T23:00:00.000Z',
    });
    const text = await (await fetch(`${service.url}/jobs/schedules/${created.body.scheduleId}`)).text();
    expect(text).toContain('"n":12345678901234567890');
    const there = await scheduler.send(
      new GetScheduleCommand({ GroupName: 'eks-jobs-local', Name: `${created.body.scheduleId}-1` }),
    );
    expect(there).toMatchObject({
      State: 'DISABLED',
      StartDate: new Date(startAt),
      EndDate: new Date(endAt),
    });
  });

  test('with an Idempotency-Key it is made once', async () => {
    const headers = { 'idempotency-key': 'monday-report' };
    const request = { cron: '0 7 * * MON' };
    const first = await send<Full>('POST', '/jobs/schedule', request, headers);
    const second = await send<Full>('POST', '/jobs/schedule', { ...request, timezone: 'UTC' }, headers);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body.scheduleId).toBe(first.body.scheduleId);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    // Options that name a default do not change the request; other options do.
    const same = { ...request, maxAttempts: 3, labels: {} };
    expect((await send<Full>('POST', '/jobs/schedule', same, headers)).status).toBe(200);
    for (const change of [{ cron: '0 8 * * MON' }, { maxAttempts: 1 }, { labels: { a: '1' } }]) {
      const other = await send<ErrorBody>('POST', '/jobs/schedule', { ...request, ...change }, headers);
      expect([other.status, other.body.error.code]).toEqual([409, 'Conflict']);
    }
  });

  const past = '2020-01-01T00:00:00Z';
  test.each([
    [{}, ['cron']],
    [{ cron: 7 }, ['cron']],
    [{ cron: '0 7 * *' }, ['cron']],
    [{ cron: '0 0 31 2 *' }, ['cron']],
    [{ cron: '0 0 */2 * MON' }, ['cron']],
    [{ cron: '@daily', timezone: 'Mars/Olympus' }, ['timezone']],
    [{ cron: '@daily', timezone: '+01:00' }, ['timezone']],
    [{ cron: '@daily', startAt: 'tomorrow' }, ['startAt']],
    [{ cron: '@daily', startAt: '2027-02-30T00:00:00Z' }, ['startAt']],
    [{ cron: '@daily', endAt: '2027-01-01' }, ['endAt']],
    [{ cron: '@daily', endAt: past }, ['endAt']],
    [{ cron: '@daily', startAt: '2028-01-01T00:00:00Z', endAt: '2027-01-01T00:00:00Z' }, ['endAt']],
    [{ cron: '@yearly', startAt: '2027-01-02T00:00:00Z', endAt: '2027-12-31T00:00:00Z' }, ['endAt']],
    [{ cron: '@daily', name: '' }, ['name']],
    [{ cron: '@daily', name: 'a\nb' }, ['name']],
    [{ cron: '@daily', input: [] }, ['input']],
    [{ cron: '@daily', enabled: 'yes' }, ['enabled']],
    [{ cron: '@daily', timeoutSeconds: 0 }, ['timeoutSeconds']],
    [{ cron: '@daily', maxAttempts: 4 }, ['maxAttempts']],
    [{ cron: '@daily', labels: { Team: 'a' } }, ['labels.Team']],
    [{ cron: '@daily', resources: { gpu: '1' } }, ['resources.gpu']],
    [{ cron: '@daily', resources: { cpu: '5', memory: '9Gi' } }, ['resources.cpu', 'resources.memory']],
    [{ cron: '@daily', crom: '', zone: 'UTC' }, ['crom', 'zone']],
    [{ cron: 'x', timezone: 'y' }, ['cron', 'timezone']],
  ])('refuses %j with the names of the fields, and leaves nothing', async (request, fields) => {
    const before = await names();
    const { status, body } = await send<ErrorBody>('POST', '/jobs/schedule', request);
    expect([status, body.error.code]).toEqual([400, 'InvalidRequest']);
    expect((body.error.details ?? []).map(({ field }) => field)).toEqual(fields);
    expect(await names()).toEqual(before);
  });

  test('rejects an invalid key, invalid JSON, and a body that is too large', async () => {
    const key = await send<ErrorBody>(
      'POST',
      '/jobs/schedule',
      { cron: '@daily' },
      { 'idempotency-key': 'a b' },
    );
    expect([key.status, key.body.error.details?.[0]?.field]).toEqual([400, 'Idempotency-Key']);
    expect((await service.request('POST', '/jobs/schedule', { body: '{' })).status).toBe(400);
    const input = { data: '<'.repeat(45_000) };
    const large = await send<ErrorBody>('POST', '/jobs/schedule', { cron: '@daily', input });
    expect([large.status, large.body.error.code]).toEqual([413, 'PayloadTooLarge']);
    expect(large.body.error.message).toMatch(/takes 27\d{4} bytes .* at most 240000/);
  });
});

describe('a schedule', () => {
  test('is changed, paused, resumed and deleted; what is absent stays', async () => {
    const { scheduleId } = await make({ cron: '0 7 1 * MON', input: { a: 1 }, name: 'kept' });
    const path = `/jobs/schedules/${scheduleId}`;
    const changed = await send<Full>('PATCH', path, { cron: '30 6 * * *', timezone: 'Asia/Kolkata' });
    expect(changed.body).toMatchObject({
      state: 'ACTIVE',
      name: 'kept',
      cron: '30 6 * * *',
      timezone: 'Asia/Kolkata',
      expressions: ['cron(30 6 * * ? *)'],
      input: { a: 1 },
    });
    expect(changed.body.nextRuns[0]).toMatch(/T01:00:00.000Z$/);
    expect(await names(scheduleId)).toEqual([`${scheduleId}-1`]);
    expect((await send<Full>('PATCH', path, { enabled: false })).body).toMatchObject({
      state: 'PAUSED',
      nextRuns: [],
    });
    const reference = { GroupName: 'eks-jobs-local', Name: `${scheduleId}-1` };
    expect(await scheduler.send(new GetScheduleCommand(reference))).toMatchObject({
      State: 'DISABLED',
      ScheduleExpressionTimezone: 'Asia/Kolkata',
    });
    const resumed = await send<Full>('PATCH', path, { enabled: true, input: { b: 2 } });
    expect(resumed.body).toMatchObject({ state: 'ACTIVE', input: { b: 2 } });
    const { Target } = await scheduler.send(new GetScheduleCommand(reference));
    expect(JSON.parse(Target?.Input ?? '')).toMatchObject({
      input: '{"b":2}',
      owner: 'local',
      origin: 'schedule',
    });
    expect((await send('DELETE', path)).body).toEqual({
      scheduleId,
      status: 'DELETED',
      state: 'DELETED',
    });
    expect(await names(scheduleId)).toEqual([]);
    expect((await send('GET', path)).status).toBe(404);
    expect((await send('DELETE', path)).status).toBe(404);
  });

  test('has the options of its jobs: what a change names is replaced as a whole, what it does not name stays', async () => {
    const options = { timeoutSeconds: 60, maxAttempts: 1, labels: { team: 'a' }, resources: { cpu: '1' } };
    const { scheduleId, ...made } = await make({ cron: '@daily', ...options });
    expect(made).toMatchObject(options);
    const path = `/jobs/schedules/${scheduleId}`;
    const firing = async (): Promise<unknown> => {
      const reference = { GroupName: 'eks-jobs-local', Name: `${scheduleId}-1` };
      const { Target } = await scheduler.send(new GetScheduleCommand(reference));
      return JSON.parse(Target?.Input ?? '');
    };
    expect(await firing()).toMatchObject(options);
    const change = { maxAttempts: 2, labels: { ticket: '7' } };
    const changed = (await send<Full>('PATCH', path, change)).body;
    expect(changed).toMatchObject({ ...options, ...change });
    expect(changed.labels).toEqual({ ticket: '7' });
    expect(await firing()).toMatchObject({ ...options, ...change });
    const cleared = (await send<Full>('PATCH', path, { labels: {}, resources: {} })).body;
    expect(cleared).toMatchObject({ timeoutSeconds: 60, maxAttempts: 2 });
    expect(cleared).not.toHaveProperty('labels');
    expect(cleared).not.toHaveProperty('resources');
    expect(await firing()).toMatchObject({ timeoutSeconds: 60, maxAttempts: 2, labels: {}, resources: {} });
    expect((await send<Full>('GET', path)).body).toEqual(cleared);
  });

  test.each([
    [{}, []],
    [{ timeoutSeconds: 21_601 }, ['timeoutSeconds']],
    [{ maxAttempts: 0 }, ['maxAttempts']],
    [{ labels: { a: 1 } }, ['labels.a']],
    [{ resources: { memory: '15Mi' } }, ['resources.memory']],
    [{ cron: 'no' }, ['cron']],
    [{ timezone: 'no' }, ['timezone']],
    [{ name: 'new' }, ['name']],
    [{ startAt: '2027-01-01T00:00:00Z' }, ['startAt']],
    [{ input: 'text' }, ['input']],
  ])('is not changed by %j', async (change, fields) => {
    const before = await make({ cron: '@daily' });
    const path = `/jobs/schedules/${before.scheduleId}`;
    const { status, body } = await send<ErrorBody>('PATCH', path, change);
    expect(status).toBe(400);
    expect((body.error.details ?? []).map(({ field }) => field)).toEqual(fields);
    expect((await send<Full>('GET', path)).body).toEqual(before);
  });

  test('is not changed so that it would never run again', async () => {
    const { scheduleId } = await make({
      cron: '@hourly',
      startAt: '2090-01-02T00:00:00Z',
      endAt: '2090-01-03T00:00:00Z',
    });
    const path = `/jobs/schedules/${scheduleId}`;
    const { status, body } = await send<ErrorBody>('PATCH', path, { cron: '0 0 1 1 *' });
    expect([status, body.error.details?.[0]?.field]).toEqual([400, 'cron']);
  });

  test.each(['01jdd0000000000000000000aa', 'nothing', 'f'.repeat(32), '..%2Fstats', '%00'])(
    'that is not there, %s, is 404 whatever is asked of it',
    async (scheduleId) => {
      const path = `/jobs/schedules/${scheduleId}`;
      const answers = [
        await send<ErrorBody>('GET', path),
        await send<ErrorBody>('PATCH', path, { enabled: false }),
        await send<ErrorBody>('DELETE', path),
        await send<ErrorBody>('POST', `${path}/run`),
      ];
      for (const { status, body } of answers) {
        expect(status).toBe(404);
        expect(body.error).toEqual({ code: 'NotFound', message: 'The schedule does not exist.' });
      }
    },
  );

  test('runs now, also while it is paused; with a key once', async () => {
    const input = { source: 'synthetic', records: 0 };
    const jobOptions = { timeoutSeconds: 60, maxAttempts: 2, labels: { team: 'a' }, resources: { cpu: '1' } };
    const { scheduleId } = await make({ cron: '@yearly', input, enabled: false, ...jobOptions });
    const run = (headers = {}) =>
      send<{ jobId: string }>('POST', `/jobs/schedules/${scheduleId}/run`, undefined, headers);
    const { status, body, headers } = await run();
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/jobs/${body.jobId}`);
    const job = await service.ended(body.jobId);
    expect(job).toMatchObject({ status: 'SUCCEEDED', origin: 'schedule', scheduleId, owner: 'local', input });
    expect(job).toMatchObject(jobOptions);
    expect(job.scheduledAt).toBeUndefined();
    expect((await run()).body.jobId).not.toBe(body.jobId);
    const key = { 'idempotency-key': 'again' };
    const keyed = await run(key);
    expect([keyed.status, keyed.headers.get('idempotency-replayed')]).toEqual([202, null]);
    await service.ended(keyed.body.jobId);
    // The same run, though the schedule would run something else by now.
    await send('PATCH', `/jobs/schedules/${scheduleId}`, { input: { ...input, records: 1 } });
    const repeated = await run(key);
    expect([repeated.status, repeated.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect(repeated.body).toEqual({ jobId: keyed.body.jobId, status: 'SUCCEEDED', scheduleId });
    const options = await send<ErrorBody>('POST', `/jobs/schedules/${scheduleId}/run`, { input });
    expect([options.status, options.body.error.details?.[0]?.field]).toEqual([400, 'input']);
  });
});

test('GET /jobs/schedules pages the caller’s schedules, the newest first', async () => {
  const made: string[] = [];
  for (let index = 0; index < 5; index += 1)
    made.unshift((await make({ cron: '@daily', name: `page ${index}` })).scheduleId);
  const seen: ScheduleView[] = [];
  let query = '?limit=2';
  for (let page = 0; page < 100 && query !== ''; page += 1) {
    const { status, body } = await send<{
      schedules: ScheduleView[];
      cursor?: string;
      nextToken?: string;
    }>('GET', `/jobs/schedules${query}`);
    expect(status).toBe(200);
    expect(body.schedules.length).toBeLessThanOrEqual(2);
    seen.push(...body.schedules);
    expect(body.nextToken).toBe(body.cursor);
    const name = page % 2 === 0 ? 'cursor' : 'nextToken';
    query = body.cursor === undefined ? '' : `?limit=2&${name}=${body.cursor}`;
  }
  expect(seen.slice(0, 5).map(({ scheduleId }) => scheduleId)).toEqual(made);
  expect(new Set(seen.map(({ scheduleId }) => scheduleId)).size).toBe(seen.length);
  expect(seen[0]).toMatchObject({
    name: 'page 4',
    status: 'ACTIVE',
    state: 'ACTIVE',
    nextRuns: expect.any(Array),
  });
  expect(seen[0]).not.toHaveProperty('input');
  for (const [bad, field] of [
    ['limit=0', 'limit'],
    ['limit=51', 'limit'],
    ['cursor=x', 'cursor'],
    ['nextToken=x', 'nextToken'],
    ['nextToken=W10', 'nextToken'],
    ['page=2', 'page'],
  ]) {
    const refused = await send<ErrorBody>('GET', `/jobs/schedules?${bad ?? ''}`);
    expect([refused.status, refused.body.error.details?.[0]?.field]).toEqual([400, field]);
  }
});
