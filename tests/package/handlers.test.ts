import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { marshall } from '@aws-sdk/util-dynamodb';
import { newJobId } from '../../jobs/ids.ts';
import { functionsOf, type PackagedFunction } from '../harness/package/functions.ts';
import { type Answers, invoke, type Invocation } from './invocation.ts';
import { openApiDocument } from '../../api/openapi/document.ts';
import { packaged, packagedVariant } from '../harness/package/packaged.ts';
import { actionOf, permissionsOf } from './permissions.ts';

/**
 * The zips as Lambda will load them. ESM in a bundle breaks where only deployed code shows it: a `require` that is not
 * there, a default export that is an object, a setting the template does not give.
 */
const service = packaged();
const functions = Object.fromEntries(functionsOf(service).map((known) => [known.name, known]));
const permissions = permissionsOf(service.template);

const dynamodb = (operation: string, body: unknown): Answers => ({
  [`DynamoDB_20120810.${operation}`]: { body },
});
const states = (operation: string, body: unknown, status = 200): Answers => ({
  [`AWSStepFunctions.${operation}`]: { status, body },
});
const noExecution = states('DescribeExecution', { __type: 'ExecutionDoesNotExist', message: 'none' }, 400);

const request = (routeKey: string, more: object = {}): object => ({
  version: '2.0',
  routeKey,
  headers: {},
  requestContext: { requestId: 'request-1', http: { method: 'GET' } },
  isBase64Encoded: false,
  ...more,
});

/** Calls a function, and holds every AWS call it makes against what its role allows. */
async function call(
  name: string,
  event: unknown,
  answers: Answers = {},
  known = functions[name],
): Promise<Invocation> {
  if (!known) throw new Error(`the package holds no ${name}`);
  const invocation = await invoke(known, event, answers);
  const allowed = (permissions[known.role] ?? []).flatMap(({ Action }) => Action);
  expect(allowed).toEqual(expect.arrayContaining(invocation.calls.map(actionOf)));
  return invocation;
}

const body = (answer: unknown): unknown => JSON.parse((answer as { body: string }).body);

describe('the packaged handlers', () => {
  test('create-job starts an execution with one call', async () => {
    const started = states('StartExecution', { executionArn: 'arn:x', startDate: 1 });
    const data = { body: '{"input":{"source":"synthetic"}}' };
    const { answer, calls } = await call('createJob', request('POST /jobs', data), started);
    expect(answer).toMatchObject({ statusCode: 202 });
    expect(body(answer)).toMatchObject({ status: 'QUEUED' });
    expect(calls).toEqual(['AWSStepFunctions.StartExecution']);
  });

  test('create-job with a key looks for the job first, and asks for the execution that is in its way', async () => {
    const data = { headers: { 'idempotency-key': 'k' } };
    const { answer, calls } = await call('createJob', request('POST /jobs', data), {
      ...dynamodb('Query', { Items: [] }),
      ...states('StartExecution', { __type: 'ExecutionAlreadyExists', message: 'exists' }, 400),
      ...states('DescribeExecution', {
        executionArn: 'arn:x',
        status: 'RUNNING',
        startDate: 1,
        input: '{"jobId":"a","owner":"b","origin":"api","input":"{}","maxAttempts":3,"timeoutSeconds":1}',
      }),
    });
    expect(answer).toMatchObject({ statusCode: 409 });
    expect(calls.map((target) => target.split('.')[1])).toEqual([
      'Query',
      'StartExecution',
      'DescribeExecution',
    ]);
  });

  // The code is the error's class name: a bundle that shortens names would show it to callers.
  test('create-job refuses a bad body without any call', async () => {
    const { answer, calls } = await call('createJob', request('POST /jobs', { body: 'no' }));
    expect(answer).toMatchObject({ statusCode: 400 });
    expect(body(answer)).toMatchObject({ error: { code: 'InvalidRequest' }, requestId: 'request-1' });
    expect(calls).toEqual([]);
  });

  test('create-job says nothing of what went wrong inside', async () => {
    const { answer } = await call('createJob', request('POST /jobs', { body: '{}' }));
    expect(answer).toMatchObject({ statusCode: 500 });
    expect(body(answer)).toMatchObject({ error: { code: 'InternalError' } });
  });

  test('get-job asks for an execution where the table knows no job yet', async () => {
    const event = request('GET /jobs/{jobId}', { pathParameters: { jobId: newJobId() } });
    const { answer, calls } = await call('getJob', event, {
      ...dynamodb('Query', { Items: [] }),
      ...noExecution,
    });
    expect(answer).toMatchObject({ statusCode: 404 });
    expect(calls).toEqual(['DynamoDB_20120810.Query', 'AWSStepFunctions.DescribeExecution']);
  });

  test('get-stats sums what is there', async () => {
    const table = functions['getStats']?.environment['TABLE_NAME'] ?? '';
    const counted = dynamodb('BatchGetItem', { Responses: { [table]: [marshall({ succeedJob: 2 })] } });
    const { answer } = await call('getStats', request('GET /jobs/stats'), counted);
    expect(body(answer)).toMatchObject({ succeedJob: 2, jobRetry: 0, failedJob: 0 });
  });

  test.each([
    ['iam', service],
    ['jwt', packagedVariant()],
  ] as const)('get-openapi serves the document of auth=%s, without any call', async (type, owner) => {
    const known = functionsOf(owner).find(({ name }) => name === 'getOpenApi');
    const { answer, calls } = await call('getOpenApi', request('GET /openapi.json'), {}, known);
    expect(body(answer)).toEqual(JSON.parse(JSON.stringify(openApiDocument(type))));
    expect(calls).toEqual([]);
    // The package computed the document: the bundle has no library that could.
    expect(readFileSync(known?.bundle ?? '', 'utf8')).not.toMatch(/ZodObject|zod-openapi/);
  });

  const jobId = newJobId();
  const arn = `arn:aws:states:eu-central-1:123456789012:execution:eks-jobs-dev-run-job:${jobId}`;
  const startedAt = '2026-11-23T10:00:00.000Z';
  const job = {
    ...{ pk: `JOB#${jobId}`, sk: 'JOB', jobId, owner: 'alice', origin: 'api', maxAttempts: 3 },
    ...{
      status: 'SUCCEEDED',
      execution: `${arn}@${startedAt}`,
      timeoutSeconds: 60,
      expiresAt: 4_000_000_000,
    },
    ...{ createdAt: startedAt, createdAtId: `${startedAt}#${jobId}`, finishedAt: startedAt },
  };
  const record = { ...dynamodb('GetItem', { Item: marshall(job) }), ...dynamodb('Query', { Items: [] }) };

  // A cluster is tests/cluster's matter.
  const withoutCluster = (name: string): PackagedFunction | undefined => {
    const known = functions[name];
    const kept = Object.entries(known?.environment ?? {}).filter(([key]) => !/^(CLUSTER|JOB)_/.test(key));
    return known && { ...known, environment: Object.fromEntries(kept) };
  };

  /** What the authorizer of a JWT adds. */
  const asAlice = (routeKey: string, method = 'GET'): object =>
    request(routeKey, {
      pathParameters: { jobId },
      requestContext: {
        requestId: 'request-1',
        http: { method },
        authorizer: { jwt: { claims: { sub: 'alice' } } },
      },
    });
  const input = { pk: `JOB#${jobId}`, sk: 'INPUT', json: '{}' };
  const whole = dynamodb('Query', { Items: [marshall(job), marshall(input)] });

  test('list-jobs reads one page of the index', async () => {
    const { answer, calls } = await call('listJobs', asAlice('GET /jobs'), whole);
    expect(body(answer)).toEqual({ jobs: [expect.objectContaining({ jobId })] });
    expect(calls).toEqual(['DynamoDB_20120810.Query']);
  });

  test('retry-job starts an execution with the old input', async () => {
    const event = asAlice('POST /jobs/{jobId}/retry', 'POST');
    const started = states('StartExecution', { executionArn: 'arn:x', startDate: 1 });
    const { answer, calls } = await call('retryJob', event, { ...whole, ...started });
    expect(answer).toMatchObject({ statusCode: 202 });
    expect(body(answer)).toMatchObject({ retryOf: jobId });
    expect(calls).toEqual(['DynamoDB_20120810.Query', 'AWSStepFunctions.StartExecution']);
  });

  test('get-history asks for the events of the job’s execution', async () => {
    const events = states('GetExecutionHistory', {
      events: [{ id: 1, timestamp: 1, type: 'ExecutionStarted' }],
    });
    const event = asAlice('GET /jobs/{jobId}/history');
    const { answer, calls } = await call('getHistory', event, { ...record, ...events });
    expect(body(answer)).toMatchObject({ events: [{ type: 'ExecutionStarted' }], truncated: false });
    expect(calls.at(-1)).toBe('AWSStepFunctions.GetExecutionHistory');
  });

  test('get-logs reads neither input nor result, and knows where all lines are', async () => {
    const { answer, calls } = await call('getLogs', asAlice('GET /jobs/{jobId}/logs'), record);
    expect(body(answer)).toEqual({
      jobId,
      attempts: [],
      full: {
        logGroup: '/aws/containerinsights/eks-jobs-dev/application',
        query: expect.stringContaining(`kubernetes.pod_name like /^${jobId}-`),
      },
    });
    expect(calls).toEqual(['DynamoDB_20120810.GetItem', 'DynamoDB_20120810.Query']);
  });

  test('get-job waits by reading the status alone', async () => {
    const live = marshall({ ...job, status: 'RUNNING' });
    const event = { ...asAlice('GET /jobs/{jobId}'), queryStringParameters: { wait: '5' } };
    const { calls } = await call('getJob', event, {
      ...dynamodb('Query', { Items: [live] }),
      ...dynamodb('GetItem', { Item: marshall({ status: 'SUCCEEDED' }) }),
    });
    expect(calls.map((target) => target.split('.')[1])).toEqual(['Query', 'GetItem', 'Query']);
  });

  test.each(['getJob', 'cancelJob', 'retryJob', 'getHistory', 'getLogs'])(
    '%s finds no job of somebody else',
    async (name) => {
      const others = { ...job, owner: 'bob' };
      const answers = {
        ...dynamodb('GetItem', { Item: marshall(others) }),
        ...dynamodb('Query', { Items: [marshall(others), marshall(input)] }),
      };
      const { answer, calls } = await call(name, asAlice('any', 'POST'), answers);
      expect(answer).toMatchObject({ statusCode: 404 });
      expect(calls.filter((target) => !/GetItem|Query/.test(target))).toEqual([]);
    },
  );

  test('cancel-job writes one transaction, then stops the execution', async () => {
    const live = { ...job, status: 'QUEUED', expiresAt: undefined };
    const event = asAlice('DELETE /jobs/{jobId}', 'DELETE');
    const { answer, calls } = await call('cancelJob', event, {
      ...dynamodb('GetItem', { Item: marshall(live, { removeUndefinedValues: true }) }),
      ...dynamodb('Query', { Items: [] }),
      ...dynamodb('TransactWriteItems', {}),
      ...states('StopExecution', { stopDate: 1 }),
    });
    expect(answer).toMatchObject({ statusCode: 202 });
    expect(calls).toEqual([
      'DynamoDB_20120810.GetItem',
      'DynamoDB_20120810.Query',
      // The job, and the counters.
      'DynamoDB_20120810.UpdateItem',
      'DynamoDB_20120810.UpdateItem',
      'AWSStepFunctions.StopExecution',
    ]);
  });

  test('settle-job answers the state machine with the record’s verdict', async () => {
    const answers = { ...record, ...dynamodb('UpdateItem', {}) };
    const event = { jobId, execution: job.execution };
    const { answer } = await call('settleJob', event, answers, withoutCluster('settleJob'));
    expect(answer).toMatchObject({ verdict: 'SUCCEEDED' });
  });

  // The template names a cluster, where nothing listens here: the machine must try again, or a Job would be left behind.
  test('settle-job fails while it cannot reach the cluster', async () => {
    const event = { jobId, execution: job.execution };
    const { error } = await call('settleJob', event, { ...record, ...dynamodb('UpdateItem', {}) });
    expect(error).toContain('127.0.0.1:9');
  });

  test('settle-job understands the event that ExecutionEndedRule passes on', async () => {
    const event = {
      'detail-type': 'Step Functions Execution Status Change',
      source: 'aws.states',
      detail: { executionArn: arn, startDate: Date.parse(startedAt), status: 'FAILED' },
    };
    const { answer, error, calls } = await call('settleJob', event, noExecution);
    expect({ answer, error }).toEqual({});
    expect(calls).toEqual(['AWSStepFunctions.DescribeExecution']);
  });

  test('settle-job fails on anything else, so that it reaches the dead-letter queue', async () => {
    const { error } = await call('settleJob', {});
    expect(error).toContain('ZodError');
  });

  test('sweep reads the index and asks for executions', async () => {
    const open = { ...job, open: 'OPEN#a' };
    const { answer, calls } = await call(
      'sweep',
      {},
      {
        ...states('ListExecutions', { executions: [] }),
        ...states('StopExecution', { stopDate: 1 }),
        ...states('DescribeExecution', { executionArn: arn, status: 'RUNNING', startDate: 1, input: '{}' }),
        ...dynamodb('Query', { Items: [marshall(open)] }),
        // What lies in the index of pending schedules is read by key.
        ...dynamodb('BatchGetItem', { Responses: {} }),
      },
    );
    const schedules = { completed: 0, undone: 0 };
    expect(answer).toEqual({ asked: 16, settled: 0, stopped: 16, silent: 0, explained: 0, schedules });
    expect(calls).toContain('AWSStepFunctions.ListExecutions');
  });

  describe('sweep, where jobs are queued,', () => {
    const queued = { ...job, status: 'QUEUED', open: 'OPEN#a', expiresAt: undefined, finishedAt: undefined };
    const answers = {
      ...states('ListExecutions', { executions: [] }),
      ...states('DescribeExecution', { executionArn: arn, status: 'RUNNING', startDate: 1, input: '{}' }),
      ...dynamodb('Query', { Items: [marshall(queued, { removeUndefinedValues: true })] }),
      ...dynamodb('UpdateItem', {}),
      ...dynamodb('BatchGetItem', { Responses: {} }),
    };

    test('writes what they wait for', async () => {
      const event = { waitingTurn: [jobId] };
      const { answer, calls } = await call('sweep', event, answers, withoutCluster('sweep'));
      // The same job in each of the 16 shards.
      expect(answer).toMatchObject({ explained: 16 });
      expect(calls).toContain('DynamoDB_20120810.UpdateItem');
    });

    // The template names a cluster, where nothing listens here.
    test('does the rest when the cluster does not answer', async () => {
      const { answer, calls } = await call('sweep', {}, answers);
      expect(answer).toMatchObject({ asked: 16, explained: 0 });
      expect(calls).not.toContain('DynamoDB_20120810.UpdateItem');
    });
  });
});

describe('the packaged handlers of schedules', () => {
  const scheduleId = newJobId();
  const now = new Date().toISOString();
  const schedule = {
    ...{ pk: `SCHEDULE#${scheduleId}`, sk: 'SCHEDULE', scheduleId, owner: 'SCHEDULE#alice', state: 'ACTIVE' },
    ...{ cron: '0 7 1 * MON', timezone: 'UTC', expressions: ['cron(0 7 1 * ? *)', 'cron(0 7 ? * MON *)'] },
    ...{ createdAtId: `${now}#${scheduleId}`, enabled: true, version: 1, createdAt: now, updatedAt: now },
    fingerprint: 'f',
  };
  const input = { pk: schedule.pk, sk: 'INPUT', json: '{}' };
  const stored = dynamodb('Query', { Items: [marshall(schedule), marshall(input)] });
  const writes = { ...dynamodb('TransactWriteItems', {}) };
  const made = { 'POST /schedules/{Name}': { body: { ScheduleArn: 'arn' } } };
  const changed = { 'PUT /schedules/{Name}': { body: { ScheduleArn: 'arn' } } };
  const deleted = { 'DELETE /schedules/{Name}': { body: {} } };
  const callOf = (subject: string, more: object = {}): object =>
    request('any', {
      pathParameters: { scheduleId },
      requestContext: { requestId: 'request-1', authorizer: { jwt: { claims: { sub: subject } } } },
      ...more,
    });

  test('create-schedule writes the item, makes both halves, and says so in the item', async () => {
    const event = callOf('alice', { body: JSON.stringify({ cron: '0 7 1 * MON' }) });
    const { answer, calls } = await call('createSchedule', event, { ...writes, ...made });
    expect(answer).toMatchObject({ statusCode: 201 });
    expect(body(answer)).toMatchObject({
      status: 'ACTIVE',
      state: 'ACTIVE',
      owner: 'alice',
      expressions: schedule.expressions,
    });
    expect(calls).toEqual([
      ...['DynamoDB_20120810.PutItem', 'DynamoDB_20120810.PutItem'],
      ...['POST /schedules/{Name}', 'POST /schedules/{Name}'],
      'DynamoDB_20120810.UpdateItem',
    ]);
  });

  test('create-schedule takes back what could not be made', async () => {
    const event = callOf('alice', {
      body: JSON.stringify({ cron: '0 7 1 * MON' }),
      headers: { 'idempotency-key': 'k' },
    });
    const refused = {
      'POST /schedules/{Name}': { status: 402, body: { __type: 'ServiceQuotaExceededException' } },
    };
    const nothing = dynamodb('Query', { Items: [] });
    const { answer, calls } = await call('createSchedule', event, {
      ...nothing,
      ...writes,
      ...refused,
      ...deleted,
    });
    expect(answer).toMatchObject({ statusCode: 429 });
    expect(calls.slice(-2)).toEqual(['DynamoDB_20120810.DeleteItem', 'DynamoDB_20120810.DeleteItem']);
  });

  test('change-schedule, delete-schedule, get-schedule, list-schedules and run-schedule may do what they do', async () => {
    const change = callOf('alice', { body: '{"cron":"@daily"}' });
    const answers = { ...stored, ...writes, ...made, ...changed, ...deleted };
    expect((await call('changeSchedule', change, answers)).answer).toMatchObject({ statusCode: 200 });
    const missing = {
      'PUT /schedules/{Name}': { status: 404, body: { __type: 'ResourceNotFoundException' } },
    };
    expect((await call('changeSchedule', change, { ...answers, ...missing })).answer).toMatchObject({
      statusCode: 200,
    });
    expect((await call('deleteSchedule', callOf('alice'), answers)).answer).toMatchObject({
      statusCode: 200,
    });
    expect((await call('getSchedule', callOf('alice'), stored)).answer).toMatchObject({ statusCode: 200 });
    const table = functions['listSchedules']?.environment['TABLE_NAME'] ?? '';
    const listed = {
      ...stored,
      ...dynamodb('BatchGetItem', { Responses: { [table]: [marshall(schedule)] } }),
    };
    expect(body((await call('listSchedules', callOf('alice'), listed)).answer)).toMatchObject({
      schedules: [{ scheduleId }],
    });
    const started = states('StartExecution', { executionArn: 'arn:x', startDate: 1 });
    expect((await call('runSchedule', callOf('alice'), { ...stored, ...started })).answer).toMatchObject({
      statusCode: 202,
    });
  });

  test('run with a key that was used before asks for the execution that is in its way', async () => {
    const keyed = callOf('alice', { headers: { 'idempotency-key': 'k' } });
    const text =
      '{"jobId":"a","owner":"alice","origin":"schedule","input":"{}","maxAttempts":3,"timeoutSeconds":1}';
    const { answer, calls } = await call('runSchedule', keyed, {
      'DynamoDB_20120810.Query': {
        body: undefined,
        to: (asked) => ({ Items: asked.includes('SCHEDULE') ? [marshall(schedule), marshall(input)] : [] }),
      },
      ...states('StartExecution', { __type: 'ExecutionAlreadyExists', message: 'exists' }, 400),
      ...states('DescribeExecution', { executionArn: 'arn:x', status: 'RUNNING', startDate: 1, input: text }),
    });
    expect(answer).toMatchObject({ statusCode: 200, headers: { 'idempotency-replayed': 'true' } });
    expect(calls.map((target) => target.split('.')[1])).toEqual([
      ...['Query', 'Query', 'StartExecution', 'DescribeExecution'],
    ]);
  });

  test.each(['changeSchedule', 'deleteSchedule', 'getSchedule', 'runSchedule'])(
    '%s of somebody else’s schedule is 404, and touches nothing',
    async (name) => {
      const { answer, calls } = await call(name, callOf('bob', { body: '{"enabled":false}' }), stored);
      expect(answer).toMatchObject({ statusCode: 404 });
      expect(calls).toEqual(['DynamoDB_20120810.Query']);
    },
  );

  test('sweep completes what was cut off', async () => {
    const pending = { ...schedule, pendingSince: '2026-01-01T00:00:00.000Z' };
    const table = functions['sweep']?.environment['TABLE_NAME'] ?? '';
    const { answer } = await call(
      'sweep',
      {},
      {
        ...states('ListExecutions', { executions: [] }),
        ...states('DescribeExecution', { executionArn: 'arn', status: 'RUNNING', startDate: 1, input: '{}' }),
        'DynamoDB_20120810.Query': {
          body: undefined,
          // No job is open.
          to: (asked) => ({ Items: asked.includes('SCHEDULE') ? [marshall(pending), marshall(input)] : [] }),
        },
        ...dynamodb('BatchGetItem', { Responses: { [table]: [marshall(pending)] } }),
        ...writes,
        ...changed,
      },
    );
    expect(answer).toMatchObject({ schedules: { completed: 1, undone: 0 } });
  });
});

describe('the bundles', () => {
  const behindApi = Object.values(functions).filter(({ hasRoute }) => hasRoute);

  test('of the API are known', () => {
    expect(behindApi.map(({ name }) => name)).toEqual(expect.arrayContaining(['createJob', 'runSchedule']));
  });

  test.each(behindApi)('$name is loaded soon: it is small', ({ bytes }) => {
    expect(bytes).toBeLessThan(400 * 1024);
  });

  // A bundle holds every module that is imported on some way, also what the function never gets to.
  test.each(Object.values(functions))('$name holds no Kubernetes client of 1.5 MB', ({ bundle }) => {
    expect(readFileSync(bundle, 'utf8')).not.toContain('BatchV1Api');
  });
});
