import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { marshall } from '@aws-sdk/util-dynamodb';
import { newJobId } from '../../jobs/ids.ts';
import { functionsOf, type PackagedFunction } from '../harness/package/functions.ts';
import { type Responses, invoke, type Invocation } from './invocation.ts';
import { openApiDocument } from '../../api/openapi/document.ts';
import { packaged, packagedVariant } from '../harness/package/packaged.ts';
import { actionOf, permissionsOf } from './permissions.ts';

/**
 * The zips as Lambda will load them. Some faults of ESM in a bundle show only in deployed code: a missing `require`, a default
 * export that is an object, a setting that the template lacks.
 */
const service = packaged();
const functions = Object.fromEntries(functionsOf(service).map((known) => [known.name, known]));
const permissions = permissionsOf(service.template);

const dynamodb = (operation: string, body: unknown): Responses => ({
  [`DynamoDB_20120810.${operation}`]: { body },
});
const states = (operation: string, body: unknown, status = 200): Responses => ({
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

/** Calls a function, and compares every AWS call that it makes with what its role allows. */
async function call(
  name: string,
  event: unknown,
  responses: Responses = {},
  known = functions[name],
): Promise<Invocation> {
  if (!known) throw new Error(`the package has no ${name}`);
  const invocation = await invoke(known, event, responses);
  const allowed = (permissions[known.role] ?? []).flatMap(({ Action }) => Action);
  expect(allowed).toEqual(expect.arrayContaining(invocation.calls.map(actionOf)));
  return invocation;
}

const body = (result: unknown): unknown => JSON.parse((result as { body: string }).body);

describe('the packaged handlers', () => {
  test('create-job starts an execution with one call', async () => {
    const started = states('StartExecution', { executionArn: 'arn:x', startDate: 1 });
    const data = { body: '{"input":{"source":"synthetic"}}' };
    const { result, calls } = await call('createJob', request('POST /jobs', data), started);
    expect(result).toMatchObject({ statusCode: 202 });
    expect(body(result)).toMatchObject({ status: 'QUEUED' });
    expect(calls).toEqual(['AWSStepFunctions.StartExecution']);
  });

  test('create-job with a key looks for the job first, and reads the execution that exists already', async () => {
    const data = { headers: { 'idempotency-key': 'k' } };
    const { result, calls } = await call('createJob', request('POST /jobs', data), {
      ...dynamodb('Query', { Items: [] }),
      ...states('StartExecution', { __type: 'ExecutionAlreadyExists', message: 'exists' }, 400),
      ...states('DescribeExecution', {
        executionArn: 'arn:x',
        status: 'RUNNING',
        startDate: 1,
        input: '{"jobId":"a","owner":"b","origin":"api","input":"{}","maxAttempts":3,"timeoutSeconds":1}',
      }),
    });
    expect(result).toMatchObject({ statusCode: 409 });
    expect(calls.map((target) => target.split('.')[1])).toEqual([
      'Query',
      'StartExecution',
      'DescribeExecution',
    ]);
  });

  // The error code is the name of the class: a bundle with shortened names would show those to callers.
  test('create-job rejects a bad body without any call', async () => {
    const { result, calls } = await call('createJob', request('POST /jobs', { body: 'no' }));
    expect(result).toMatchObject({ statusCode: 400 });
    expect(body(result)).toMatchObject({ error: { code: 'InvalidRequest' }, requestId: 'request-1' });
    expect(calls).toEqual([]);
  });

  test('create-job shows nothing of an internal error', async () => {
    const { result } = await call('createJob', request('POST /jobs', { body: '{}' }));
    expect(result).toMatchObject({ statusCode: 500 });
    expect(body(result)).toMatchObject({ error: { code: 'InternalError' } });
  });

  test('get-job reads the execution of a job that is not in the table yet', async () => {
    const event = request('GET /jobs/{jobId}', { pathParameters: { jobId: newJobId() } });
    const { result, calls } = await call('getJob', event, {
      ...dynamodb('Query', { Items: [] }),
      ...noExecution,
    });
    expect(result).toMatchObject({ statusCode: 404 });
    expect(calls).toEqual(['DynamoDB_20120810.Query', 'AWSStepFunctions.DescribeExecution']);
  });

  test('get-stats sums the existing counters', async () => {
    const table = functions['getStats']?.environment['TABLE_NAME'] ?? '';
    const counted = dynamodb('BatchGetItem', { Responses: { [table]: [marshall({ succeedJob: 2 })] } });
    const { result } = await call('getStats', request('GET /jobs/stats'), counted);
    expect(body(result)).toMatchObject({ succeedJob: 2, jobRetry: 0, failedJob: 0 });
  });

  test.each([
    ['iam', service],
    ['jwt', packagedVariant()],
  ] as const)('get-openapi serves the document of auth=%s, without any call', async (type, owner) => {
    const known = functionsOf(owner).find(({ name }) => name === 'getOpenApi');
    const { result, calls } = await call('getOpenApi', request('GET /openapi.json'), {}, known);
    expect(body(result)).toEqual(JSON.parse(JSON.stringify(openApiDocument(type))));
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

  // tests/cluster tests with a cluster.
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
  const recordWithInput = dynamodb('Query', { Items: [marshall(job), marshall(input)] });

  test('list-jobs reads one page of the index', async () => {
    const { result, calls } = await call('listJobs', asAlice('GET /jobs'), recordWithInput);
    expect(body(result)).toEqual({ jobs: [expect.objectContaining({ jobId })] });
    expect(calls).toEqual(['DynamoDB_20120810.Query']);
  });

  test('retry-job starts an execution with the old input', async () => {
    const event = asAlice('POST /jobs/{jobId}/retry', 'POST');
    const started = states('StartExecution', { executionArn: 'arn:x', startDate: 1 });
    const { result, calls } = await call('retryJob', event, { ...recordWithInput, ...started });
    expect(result).toMatchObject({ statusCode: 202 });
    expect(body(result)).toMatchObject({ retryOf: jobId });
    expect(calls).toEqual(['DynamoDB_20120810.Query', 'AWSStepFunctions.StartExecution']);
  });

  test('get-history reads the events of the job’s execution', async () => {
    const events = states('GetExecutionHistory', {
      events: [{ id: 1, timestamp: 1, type: 'ExecutionStarted' }],
    });
    const event = asAlice('GET /jobs/{jobId}/history');
    const { result, calls } = await call('getHistory', event, { ...record, ...events });
    expect(body(result)).toMatchObject({ events: [{ type: 'ExecutionStarted' }], truncated: false });
    expect(calls.at(-1)).toBe('AWSStepFunctions.GetExecutionHistory');
  });

  test('get-logs reads neither input nor result, and names the place of all lines', async () => {
    const { result, calls } = await call('getLogs', asAlice('GET /jobs/{jobId}/logs'), record);
    expect(body(result)).toEqual({
      jobId,
      attempts: [],
      full: {
        logGroup: '/aws/containerinsights/eks-jobs-dev/application',
        query: expect.stringContaining(`kubernetes.pod_name like /^${jobId}-`),
      },
    });
    expect(calls).toEqual(['DynamoDB_20120810.GetItem', 'DynamoDB_20120810.Query']);
  });

  test('get-job reads only the status while it waits', async () => {
    const live = marshall({ ...job, status: 'RUNNING' });
    const event = { ...asAlice('GET /jobs/{jobId}'), queryStringParameters: { wait: '5' } };
    const { calls } = await call('getJob', event, {
      ...dynamodb('Query', { Items: [live] }),
      ...dynamodb('GetItem', { Item: marshall({ status: 'SUCCEEDED' }) }),
      ...dynamodb('PutItem', {}),
      ...dynamodb('DeleteItem', {}),
    });
    // It takes a slot for its wait, and frees it.
    const operations = ['Query', 'PutItem', 'GetItem', 'DeleteItem', 'Query'];
    expect(calls.map((target) => target.split('.')[1])).toEqual(operations);
  });

  test.each(['getJob', 'cancelJob', 'retryJob', 'getHistory', 'getLogs'])(
    '%s does not find the job of another owner',
    async (name) => {
      const others = { ...job, owner: 'bob' };
      const responses = {
        ...dynamodb('GetItem', { Item: marshall(others) }),
        ...dynamodb('Query', { Items: [marshall(others), marshall(input)] }),
      };
      const { result, calls } = await call(name, asAlice('any', 'POST'), responses);
      expect(result).toMatchObject({ statusCode: 404 });
      expect(calls.filter((target) => !/GetItem|Query/.test(target))).toEqual([]);
    },
  );

  test('cancel-job writes one transaction, then stops the execution', async () => {
    const live = { ...job, status: 'QUEUED', expiresAt: undefined };
    const event = asAlice('DELETE /jobs/{jobId}', 'DELETE');
    const { result, calls } = await call('cancelJob', event, {
      ...dynamodb('GetItem', { Item: marshall(live, { removeUndefinedValues: true }) }),
      ...dynamodb('Query', { Items: [] }),
      ...dynamodb('TransactWriteItems', {}),
      ...states('StopExecution', { stopDate: 1 }),
    });
    expect(result).toMatchObject({ statusCode: 202 });
    expect(calls).toEqual([
      'DynamoDB_20120810.GetItem',
      'DynamoDB_20120810.Query',
      // The job, and the counters.
      'DynamoDB_20120810.UpdateItem',
      'DynamoDB_20120810.UpdateItem',
      'AWSStepFunctions.StopExecution',
    ]);
  });

  test('settle-job returns the record’s verdict to the state machine', async () => {
    const responses = { ...record, ...dynamodb('UpdateItem', {}) };
    const event = { jobId, execution: job.execution };
    const { result } = await call('settleJob', event, responses, withoutCluster('settleJob'));
    expect(result).toMatchObject({ verdict: 'SUCCEEDED' });
  });

  // Nothing listens at the address of the template's cluster: the state machine must retry, or a Job would remain.
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
    const { result, error, calls } = await call('settleJob', event, noExecution);
    expect({ result, error }).toEqual({});
    expect(calls).toEqual(['AWSStepFunctions.DescribeExecution']);
  });

  test('settle-job fails on anything else, so that it reaches the dead-letter queue', async () => {
    const { error } = await call('settleJob', {});
    expect(error).toContain('ZodError');
  });

  test('sweep reads the index and the executions, settles a job that ended, and stops its execution', async () => {
    const open = { ...job, open: 'OPEN#a' };
    const execution = {
      executionArn: arn,
      stateMachineArn: arn,
      name: jobId,
      status: 'RUNNING',
      startDate: 1,
    };
    const { result, calls } = await call(
      'sweep',
      {},
      {
        ...states('ListExecutions', { executions: [execution] }),
        ...states('StopExecution', { stopDate: 1 }),
        ...states('DescribeExecution', { executionArn: arn, status: 'RUNNING', startDate: 1, input: '{}' }),
        // The position of sweep, and the job.
        ...dynamodb('GetItem', { Item: marshall(job) }),
        'DynamoDB_20120810.Query': {
          body: undefined,
          // The index has the job in each shard; the job has no attempts.
          to: (asked) => ({ Items: asked.includes('OPEN#') ? [marshall(open)] : [] }),
        },
        ...dynamodb('UpdateItem', {}),
        ...dynamodb('PutItem', {}),
        // The schedules in the index of pending ones are read by key.
        ...dynamodb('BatchGetItem', { Responses: {} }),
      },
      withoutCluster('sweep'),
    );
    expect(result).toEqual({
      ...{ asked: 0, settled: 16, stopped: 16, silent: 0, explained: 0, released: 0 },
      recordedBefore: '1970-01-01T00:00:00.000Z',
      schedules: { completed: 0, undone: 0 },
    });
    expect(calls).toContain('AWSStepFunctions.ListExecutions');
    // How far it came.
    expect(calls).toContain('DynamoDB_20120810.PutItem');
  });

  describe('sweep, where jobs are queued,', () => {
    const queued = { ...job, status: 'QUEUED', open: 'OPEN#a', expiresAt: undefined, finishedAt: undefined };
    const responses = {
      ...states('ListExecutions', { executions: [] }),
      ...states('DescribeExecution', { executionArn: arn, status: 'RUNNING', startDate: 1, input: '{}' }),
      ...dynamodb('Query', { Items: [marshall(queued, { removeUndefinedValues: true })] }),
      ...dynamodb('UpdateItem', {}),
      // The position of sweep.
      ...dynamodb('GetItem', {}),
      ...dynamodb('PutItem', {}),
      ...dynamodb('BatchGetItem', { Responses: {} }),
    };

    test('writes why they wait', async () => {
      const event = { waitingTurn: [jobId] };
      const { result, calls } = await call('sweep', event, responses, withoutCluster('sweep'));
      // The same job in each of the 16 shards.
      expect(result).toMatchObject({ explained: 16 });
      expect(calls).toContain('DynamoDB_20120810.UpdateItem');
    });

    // Nothing listens at the address of the template's cluster.
    test('does the rest when the cluster does not respond', async () => {
      const { result, calls } = await call('sweep', {}, responses);
      expect(result).toMatchObject({ asked: 16, explained: 0 });
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

  test('create-schedule writes the item, creates both schedules, and records that in the item', async () => {
    const event = callOf('alice', { body: JSON.stringify({ cron: '0 7 1 * MON' }) });
    const { result, calls } = await call('createSchedule', event, { ...writes, ...made });
    expect(result).toMatchObject({ statusCode: 201 });
    expect(body(result)).toMatchObject({
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

  test('create-schedule removes what could not be completed', async () => {
    const event = callOf('alice', {
      body: JSON.stringify({ cron: '0 7 1 * MON' }),
      headers: { 'idempotency-key': 'k' },
    });
    const rejected = {
      'POST /schedules/{Name}': { status: 402, body: { __type: 'ServiceQuotaExceededException' } },
    };
    const nothing = dynamodb('Query', { Items: [] });
    const { result, calls } = await call('createSchedule', event, {
      ...nothing,
      ...writes,
      ...rejected,
      ...deleted,
    });
    expect(result).toMatchObject({ statusCode: 429 });
    expect(calls.slice(-2)).toEqual(['DynamoDB_20120810.DeleteItem', 'DynamoDB_20120810.DeleteItem']);
  });

  test('change-schedule, delete-schedule, get-schedule, list-schedules and run-schedule have the permissions for their calls', async () => {
    const change = callOf('alice', { body: '{"cron":"@daily"}' });
    const responses = { ...stored, ...writes, ...made, ...changed, ...deleted };
    expect((await call('changeSchedule', change, responses)).result).toMatchObject({ statusCode: 200 });
    const missing = {
      'PUT /schedules/{Name}': { status: 404, body: { __type: 'ResourceNotFoundException' } },
    };
    expect((await call('changeSchedule', change, { ...responses, ...missing })).result).toMatchObject({
      statusCode: 200,
    });
    expect((await call('deleteSchedule', callOf('alice'), responses)).result).toMatchObject({
      statusCode: 200,
    });
    expect((await call('getSchedule', callOf('alice'), stored)).result).toMatchObject({ statusCode: 200 });
    const table = functions['listSchedules']?.environment['TABLE_NAME'] ?? '';
    const listed = {
      ...stored,
      ...dynamodb('BatchGetItem', { Responses: { [table]: [marshall(schedule)] } }),
    };
    expect(body((await call('listSchedules', callOf('alice'), listed)).result)).toMatchObject({
      schedules: [{ scheduleId }],
    });
    const started = states('StartExecution', { executionArn: 'arn:x', startDate: 1 });
    expect((await call('runSchedule', callOf('alice'), { ...stored, ...started })).result).toMatchObject({
      statusCode: 202,
    });
  });

  test('run with a key that was used before reads the execution that exists already', async () => {
    const keyed = callOf('alice', { headers: { 'idempotency-key': 'k' } });
    const text =
      '{"jobId":"a","owner":"alice","origin":"schedule","input":"{}","maxAttempts":3,"timeoutSeconds":1}';
    const { result, calls } = await call('runSchedule', keyed, {
      'DynamoDB_20120810.Query': {
        body: undefined,
        to: (asked) => ({ Items: asked.includes('SCHEDULE') ? [marshall(schedule), marshall(input)] : [] }),
      },
      ...states('StartExecution', { __type: 'ExecutionAlreadyExists', message: 'exists' }, 400),
      ...states('DescribeExecution', { executionArn: 'arn:x', status: 'RUNNING', startDate: 1, input: text }),
    });
    expect(result).toMatchObject({ statusCode: 200, headers: { 'idempotency-replayed': 'true' } });
    expect(calls.map((target) => target.split('.')[1])).toEqual([
      ...['Query', 'Query', 'StartExecution', 'DescribeExecution'],
    ]);
  });

  test.each(['changeSchedule', 'deleteSchedule', 'getSchedule', 'runSchedule'])(
    '%s of another owner’s schedule is 404, and changes nothing',
    async (name) => {
      const { result, calls } = await call(name, callOf('bob', { body: '{"enabled":false}' }), stored);
      expect(result).toMatchObject({ statusCode: 404 });
      expect(calls).toEqual(['DynamoDB_20120810.Query']);
    },
  );

  test('sweep completes an interrupted change', async () => {
    const pending = { ...schedule, pendingSince: '2026-01-01T00:00:00.000Z' };
    const table = functions['sweep']?.environment['TABLE_NAME'] ?? '';
    const { result } = await call(
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
        // The position of sweep.
        ...dynamodb('GetItem', {}),
        ...dynamodb('PutItem', {}),
        ...writes,
        ...changed,
      },
    );
    expect(result).toMatchObject({ schedules: { completed: 1, undone: 0 } });
  });
});

describe('the bundles', () => {
  const behindApi = Object.values(functions).filter(({ hasRoute }) => hasRoute);

  test('of the API are known', () => {
    expect(behindApi.map(({ name }) => name)).toEqual(expect.arrayContaining(['createJob', 'runSchedule']));
  });

  test.each(behindApi)('$name is small, so it loads fast', ({ bytes }) => {
    expect(bytes).toBeLessThan(400 * 1024);
  });

  // A bundle has every module that is imported somewhere, even if the function never uses it.
  test.each(Object.values(functions))('$name does not have the Kubernetes client of 1.5 MB', ({ bundle }) => {
    expect(readFileSync(bundle, 'utf8')).not.toContain('BatchV1Api');
  });
});
