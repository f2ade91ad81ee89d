import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import type { JobView } from '../../api/responses/job.ts';
import {
  InProcessApi,
  localStateMachineArn as stateMachineArn,
  routedFunctions,
} from '../harness/api-in-process.ts';
import { type Answer, Client, eventually, RunningService } from '../harness/running-service.ts';
import { ThrottlingProxy, throttlingsOf } from '../harness/throttling-proxy.ts';

/**
 * Every AWS call of every route is throttled once, in each way that AWS reports it. The handlers run in this process, between a
 * proxy and the emulated AWS of a running service: its API, ports and jobs are those of `npm start`.
 */
const proxy = new ThrottlingProxy();
let service: RunningService;
/** The API behind which calls are throttled. `service` is the same API without the proxy. */
let api: InProcessApi;
let stepFunctions: SFNClient;

const slow = { input: { source: 'synthetic', records: 1_000_000, recordsPerSecond: 10 } };

beforeAll(async () => {
  // One job blocks the others, so that they stay QUEUED.
  service = await RunningService.start({ arguments: ['--concurrency', '1'] });
  await service.post(slow);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  stepFunctions = new SFNClient({ endpoint: service.stepFunctionsUrl, region: 'us-east-1', credentials });
  api = await InProcessApi.start(service, {
    AWS_ENDPOINT_URL_SFN: await proxy.before(service.stepFunctionsUrl),
    AWS_ENDPOINT_URL_DYNAMODB: await proxy.before(service.dynamodbUrl),
    AWS_ENDPOINT_URL_SCHEDULER: await proxy.before(service.schedulerUrl),
    // A throttled call is not repeated: each call of a route is one request.
    AWS_MAX_ATTEMPTS: '1',
  });
});

afterAll(async () => {
  stepFunctions.destroy();
  await api.stop();
  await proxy.stop();
  await service.stop();
});

const send = (client: Client, { method, path, body, key }: Request): Promise<Answer<object>> =>
  client.request(method, path, {
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(key !== undefined && { headers: { 'idempotency-key': key } }),
  });

interface Request {
  method: string;
  path: string;
  body?: object;
  key?: string;
}

let keys = 0;
const newKey = (): string => `key-${(keys += 1)}`;

/** Posts a job that stays QUEUED. */
const queuedJob = async (key?: string): Promise<string> => {
  const request = { method: 'POST', path: '/jobs', body: slow, ...(key !== undefined && { key }) };
  const { jobId } = (await send(service, request)).body as { jobId: string };
  await eventually(async () => {
    const { body } = await service.request<{ jobs: JobView[] }>('GET', '/jobs?limit=5');
    return body.jobs.some((job) => job.jobId === jobId) || undefined;
  }, `job ${jobId} is registered`);
  return jobId;
};
const endedJob = async (key?: string): Promise<string> => {
  const jobId = await queuedJob(key);
  await service.request('DELETE', `/jobs/${jobId}`);
  return jobId;
};
const schedule = { cron: '0 7 1 * MON', timezone: 'Europe/Berlin' };
const newSchedule = async (): Promise<string> =>
  (
    (await send(service, { method: 'POST', path: '/jobs/schedule', body: schedule })).body as {
      scheduleId: string;
    }
  ).scheduleId;

const executions = async (): Promise<string[]> => {
  const { executions: found = [] } = await stepFunctions.send(
    new ListExecutionsCommand({ stateMachineArn, maxResults: 1000 }),
  );
  return found.map(({ name = '' }) => name);
};

/** A request to a route, and what its repetition must answer after it was throttled. */
interface Scenario {
  what: string;
  routeKey: string;
  request: () => Promise<Request>;
  /** The status without throttling. */
  status: number;
  /** The statuses of the same request afterwards, if they may differ from `status`. */
  again?: readonly number[];
  /** The table does not have the job yet. */
  beforeRegister?: boolean;
  /** Whether the request starts an execution: throttled, it must not have. */
  starts?: boolean;
  /** A call that the response does not need: it succeeds without it. */
  optional?: string;
}

const getJob = 'GET /jobs/{jobId}';
const scenarios: readonly Scenario[] = [
  {
    what: 'a new job',
    routeKey: 'POST /jobs',
    request: () => Promise.resolve({ method: 'POST', path: '/jobs', body: slow }),
    status: 202,
    starts: true,
  },
  {
    what: 'a new job with a key',
    routeKey: 'POST /jobs',
    request: () => Promise.resolve({ method: 'POST', path: '/jobs', body: slow, key: newKey() }),
    status: 202,
    starts: true,
  },
  {
    what: 'a job posted again with its key',
    routeKey: 'POST /jobs',
    request: async () => {
      const key = newKey();
      await queuedJob(key);
      return { method: 'POST', path: '/jobs', body: slow, key };
    },
    status: 200,
    starts: true,
  },
  {
    // Step Functions starts nothing under the name of an execution that has ended: its input decides.
    what: 'an ended job posted again with its key, which only Step Functions shows',
    routeKey: 'POST /jobs',
    request: async () => {
      const key = newKey();
      await endedJob(key);
      return { method: 'POST', path: '/jobs', body: slow, key };
    },
    status: 200,
    beforeRegister: true,
    starts: true,
  },
  {
    what: 'a job',
    routeKey: getJob,
    request: async () => ({ method: 'GET', path: `/jobs/${await queuedJob()}` }),
    status: 200,
  },
  {
    what: 'a job before Register',
    routeKey: getJob,
    request: async () => ({ method: 'GET', path: `/jobs/${await queuedJob()}` }),
    status: 200,
    beforeRegister: true,
  },
  {
    what: 'the end of a job',
    routeKey: getJob,
    request: async () => ({ method: 'GET', path: `/jobs/${await queuedJob()}?wait=1` }),
    status: 200,
    // The slot of the waiting request expires if it cannot be freed.
    optional: 'DeleteItem',
  },
  {
    what: 'the end of a job before Register',
    routeKey: getJob,
    request: async () => ({ method: 'GET', path: `/jobs/${await queuedJob()}?wait=1` }),
    status: 200,
    // The slot of the waiting request expires if it cannot be freed.
    optional: 'DeleteItem',
    beforeRegister: true,
  },
  {
    what: 'a job to cancel',
    routeKey: 'DELETE /jobs/{jobId}',
    request: async () => ({ method: 'DELETE', path: `/jobs/${await queuedJob()}` }),
    status: 202,
  },
  {
    what: 'a cancelled job to cancel again',
    routeKey: 'DELETE /jobs/{jobId}',
    request: async () => ({ method: 'DELETE', path: `/jobs/${await endedJob()}` }),
    status: 202,
  },
  {
    what: 'the list',
    routeKey: 'GET /jobs',
    request: () => Promise.resolve({ method: 'GET', path: '/jobs' }),
    status: 200,
  },
  {
    what: 'the counters',
    routeKey: 'GET /jobs/stats',
    request: () => Promise.resolve({ method: 'GET', path: '/jobs/stats' }),
    status: 200,
  },
  {
    what: 'the document',
    routeKey: 'GET /openapi.json',
    request: () => Promise.resolve({ method: 'GET', path: '/openapi.json' }),
    status: 200,
  },
  {
    what: 'an ended job to run again',
    routeKey: 'POST /jobs/{jobId}/retry',
    request: async () => ({ method: 'POST', path: `/jobs/${await endedJob()}/retry`, key: newKey() }),
    status: 202,
    starts: true,
  },
  {
    what: 'a history',
    routeKey: 'GET /jobs/{jobId}/history',
    request: async () => ({ method: 'GET', path: `/jobs/${await queuedJob()}/history` }),
    status: 200,
  },
  {
    what: 'a history before Register',
    routeKey: 'GET /jobs/{jobId}/history',
    request: async () => ({ method: 'GET', path: `/jobs/${await queuedJob()}/history` }),
    status: 200,
    beforeRegister: true,
  },
  {
    what: 'logs',
    routeKey: 'GET /jobs/{jobId}/logs',
    request: async () => ({ method: 'GET', path: `/jobs/${await queuedJob()}/logs` }),
    status: 200,
  },
  {
    what: 'logs before Register',
    routeKey: 'GET /jobs/{jobId}/logs',
    request: async () => ({ method: 'GET', path: `/jobs/${await queuedJob()}/logs` }),
    status: 200,
    beforeRegister: true,
  },
  ...['/jobs/schedule', '/jobs/schedules'].map((path) => ({
    what: 'a new schedule',
    routeKey: `POST ${path}`,
    request: () => Promise.resolve({ method: 'POST', path, body: schedule, key: newKey() }),
    status: 201,
    // The last write of a creation confirms it. If that is throttled, sweep undoes the creation.
    again: [201, 409],
  })),
  {
    what: 'the list of schedules',
    routeKey: 'GET /jobs/schedules',
    request: async () => {
      await newSchedule();
      return { method: 'GET', path: '/jobs/schedules' };
    },
    status: 200,
  },
  {
    what: 'a schedule',
    routeKey: 'GET /jobs/schedules/{scheduleId}',
    request: async () => ({ method: 'GET', path: `/jobs/schedules/${await newSchedule()}` }),
    status: 200,
  },
  {
    what: 'a schedule to change',
    routeKey: 'PATCH /jobs/schedules/{scheduleId}',
    request: async () => ({
      ...{ method: 'PATCH', path: `/jobs/schedules/${await newSchedule()}` },
      body: { cron: '1 8 * * *' },
    }),
    status: 200,
    // A change that is half done is completed or undone by sweep; until then the schedule cannot be changed.
    again: [200, 409],
  },
  {
    what: 'a schedule to delete',
    routeKey: 'DELETE /jobs/schedules/{scheduleId}',
    request: async () => ({ method: 'DELETE', path: `/jobs/schedules/${await newSchedule()}` }),
    status: 200,
  },
  {
    what: 'a schedule to run now',
    routeKey: 'POST /jobs/schedules/{scheduleId}/run',
    request: async () => ({
      ...{ method: 'POST', path: `/jobs/schedules/${await newSchedule()}/run` },
      key: newKey(),
    }),
    status: 202,
    starts: true,
  },
];

test('every route has a scenario', () => {
  expect([...new Set(scenarios.map(({ routeKey }) => routeKey))].sort()).toEqual(
    routedFunctions.flatMap(({ routes }) => routes).sort(),
  );
});

describe.each(scenarios)('$routeKey: $what', (scenario) => {
  const { request, status, again = [status], beforeRegister = false, starts = false, optional } = scenario;

  test('is 429 with Retry-After, whichever call AWS throttles, and nothing is half done', async () => {
    proxy.beforeRegister = beforeRegister;
    proxy.plan();
    expect(await send(api, await request())).toMatchObject({ status });
    const calls = [...proxy.calls];
    for (const [index, operation] of calls.entries()) {
      for (const how of throttlingsOf(operation)) {
        const where = `call ${index + 1}, ${operation}: ${how}`;
        const prepared = await request();
        const before = await executions();
        proxy.plan({ at: index + 1, how });
        const throttled = await send(api, prepared);
        if (operation === optional) {
          expect({ where, status: throttled.status }).toEqual({ where, status });
          continue;
        }
        expect({ where, status: throttled.status }).toEqual({ where, status: 429 });
        expect(throttled.headers.get('retry-after')).toBe('5');
        expect(throttled.body).toEqual({
          error: { code: 'TooManyRequests', message: expect.stringMatching(/try again/) },
          requestId: expect.any(String),
        });
        if (starts) expect(await executions()).toEqual(before);
        if (prepared.method === 'GET') continue;
        proxy.plan();
        const repeated = await send(api, prepared);
        expect({ where, again: again.includes(repeated.status) ? 'as expected' : repeated }).toEqual({
          where,
          again: 'as expected',
        });
      }
    }
    proxy.beforeRegister = false;
    expect(calls.length > 0 || scenario.routeKey === 'GET /openapi.json').toBe(true);
  });
});
