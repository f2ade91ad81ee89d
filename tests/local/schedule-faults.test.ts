import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ListSchedulesCommand, SchedulerClient, ThrottlingException } from '@aws-sdk/client-scheduler';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { acceptChange, acceptSchedule } from '../../api/schedule-request.ts';
import { DynamoScheduleStore } from '../../jobs/aws/schedule-store.ts';
import { EventBridgeScheduler } from '../../jobs/aws/scheduler.ts';
import type { Caller } from '../../jobs/caller.ts';
import {
  changeSchedule,
  createSchedule,
  deleteSchedule,
  type ScheduleDependencies,
} from '../../jobs/schedules/lifecycle.ts';
import { sweepSchedules } from '../../jobs/schedules/sweep.ts';
import { ensureTable, type LocalDynamoDB, startDynamoDB } from '../../local/aws/dynamodb/dynamodb.ts';
import { installDynoxide } from '../../local/aws/dynamodb/install.ts';
import { readTable } from '../../local/service-definition.ts';
import { startScheduler } from '../harness/in-memory-scheduler.ts';
import { SteppedClock } from '../harness/virtual-clock.ts';
import { freePorts } from '../harness/running-service.ts';

/**
 * A schedule is an item in the table and one or two schedules in EventBridge Scheduler, and a transaction cannot span both.
 * Each call fails here in each way. Afterwards, at the latest after a sweep, the schedule must be complete or absent.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-faults-'));
const tableName = 'schedule-faults';

let dynamodb: LocalDynamoDB;
let table: DynamoDBClient;

beforeAll(async () => {
  const onExit = (reason: string): never => {
    throw new Error(reason);
  };
  const port = await freePorts();
  dynamodb = await startDynamoDB(await installDynoxide(), port, join(directory, 'table.sqlite'), onExit);
  const { table: definition, timeToLive } = readTable(root, tableName);
  await ensureTable(dynamodb.endpoint, definition, timeToLive);
  table = new DynamoDBClient({ endpoint: dynamodb.endpoint, region: 'local', credentials });
});
afterAll(async () => {
  table.destroy();
  await dynamodb.stop();
  rmSync(directory, { recursive: true });
});

/** How one call fails: rejected, its response lost, or the function killed before or after the call had an effect. */
const faults = ['rejected', 'response lost', 'killed before', 'killed after'] as const;
type Fault = (typeof faults)[number];

const limits = { cpu: '4', memory: '8Gi' };
const accepted = (request: object) => acceptSchedule(JSON.stringify(request), limits);
const acceptedChange = (change: object) => acceptChange(JSON.stringify(change), limits);

class Killed extends Error {}

/** Breaks the n-th call. Only calls of EventBridge Scheduler are rejected or lose their response; a function can be killed at any call. */
class Breaker {
  #calls = 0;
  readonly #nth: number;
  readonly #fault: Fault;

  constructor(nth: number, fault: Fault) {
    this.#nth = nth;
    this.#fault = fault;
  }

  get calls(): number {
    return this.#calls;
  }

  get kills(): boolean {
    return this.#fault.startsWith('killed');
  }

  async pass<Output>(call: () => Promise<Output>): Promise<Output> {
    this.#calls += 1;
    // A killed function does not make further calls.
    if (this.#calls < this.#nth || (this.#calls > this.#nth && !this.kills)) return call();
    if (this.#calls === this.#nth && /lost|after/.test(this.#fault)) await call();
    if (this.kills) throw new Killed();
    if (this.#fault === 'response lost') throw new Error('socket hang up');
    throw new ThrottlingException({ message: '', Message: '', $metadata: { httpStatusCode: 429 } });
  }
}

const one = { cron: '0 7 * * MON' };
const two = { cron: '0 7 1 * MON', timezone: 'Europe/Berlin', input: { source: 'synthetic', records: 2 } };

/** Creates an isolated environment: a Scheduler, an owner and a clock. */
async function openEnvironment() {
  const clock = new SteppedClock('2026-11-25T08:00:00Z');
  const service = await startScheduler({ clock });
  service.scheduler.createGroup('jobs', null);
  const owner = `owner-${Math.random()}`;
  const store = new DynamoScheduleStore(table, tableName);
  const settings = {
    group: 'jobs',
    stateMachineArn: 'arn:aws:states:us-east-1:123456789012:stateMachine:run-job',
    roleArn: 'arn:aws:iam::123456789012:role/scheduler',
    deadLettersArn: 'arn:aws:sqs:us-east-1:123456789012:dead',
  };
  /** Opens the dependencies of a function, with a breaker if one is given. */
  const open = (breaker?: Breaker): ScheduleDependencies => {
    const scheduler = new SchedulerClient({
      endpoint: service.url,
      region: 'us-east-1',
      credentials,
      maxAttempts: 1,
    });
    const dynamo = breaker?.kills
      ? new DynamoDBClient({ endpoint: dynamodb.endpoint, region: 'local', credentials })
      : table;
    if (breaker) {
      const options = { step: 'initialize', name: 'breaker' } as const;
      scheduler.middlewareStack.add((next) => (request) => breaker.pass(() => next(request)), options);
      if (dynamo !== table) {
        dynamo.middlewareStack.add((next) => (request) => breaker.pass(() => next(request)), options);
      }
    }
    return {
      store: new DynamoScheduleStore(dynamo, tableName),
      scheduler: new EventBridgeScheduler(scheduler, settings),
      now: () => new Date(clock.now()),
      report: () => undefined,
    };
  };
  const healthy = open();
  /** Reads the schedules of both sides. */
  const readState = async () => {
    const { schedules } = await store.list(owner, 50);
    const { Schedules = [] } = await service.client.send(new ListSchedulesCommand({ GroupName: 'jobs' }));
    const aws = Schedules.map(({ Name = '' }) => service.scheduler.getSchedule('jobs', Name).spec);
    return {
      items: schedules.map(({ state, cron, version, pendingSince }) => ({
        state,
        cron,
        version,
        pendingSince,
      })),
      aws: aws.map(({ ScheduleExpression, ScheduleExpressionTimezone, State, Target }) => ({
        expression: ScheduleExpression,
        zone: ScheduleExpressionTimezone,
        state: State,
        input: (JSON.parse(Target.Input ?? '{}') as { input: string }).input,
      })),
    };
  };
  const sweep = async () => {
    clock.set('2026-11-25T08:05:01Z');
    await sweepSchedules(healthy);
  };
  return { service, owner, open, healthy, readState, sweep, clock };
}

type Environment = Awaited<ReturnType<typeof openEnvironment>>;

const callerOf = ({ owner }: Environment): Caller => ({ owner, admin: false });
type State = Awaited<ReturnType<Environment['readState']>>;

const nothing: State = { items: [], aws: [] };
const completeSchedules = (request: typeof one | typeof two): State['aws'] => {
  const { expressions, timezone, input } = accepted(request);
  return expressions.map((expression) => ({ expression, zone: timezone, state: 'ENABLED' as const, input }));
};

/** Tells whether the work failed. */
async function fails(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => false,
    () => true,
  );
}

/** Repeats `work` with a client that fails at the first call, then the second, and so on. @returns the number of calls. */
async function atEachCall(
  fault: Fault,
  prepare: (environment: Environment) => Promise<string>,
  work: (
    dependencies: ScheduleDependencies,
    environment: Environment,
    scheduleId: string,
  ) => Promise<unknown>,
  check: (environment: Environment, failed: boolean, scheduleId: string) => Promise<void>,
): Promise<number> {
  for (let nth = 1; ; nth += 1) {
    const environment = await openEnvironment();
    try {
      const scheduleId = await prepare(environment);
      const breaker = new Breaker(nth, fault);
      const failed = await fails(work(environment.open(breaker), environment, scheduleId));
      if (breaker.calls < nth) return nth - 1;
      await check(environment, failed, scheduleId);
    } finally {
      await environment.service.stop();
    }
  }
}

const create =
  (request: object) =>
  async ({ healthy, owner }: Environment): Promise<string> =>
    (await createSchedule(accepted(request), owner, undefined, healthy)).record.schedule.scheduleId;

describe.each(faults)('a call with the fault: %s', (fault) => {
  test('while a schedule of two expressions is created: it is absent or complete', async () => {
    const calls = await atEachCall(
      fault,
      () => Promise.resolve(''),
      (dependencies, { owner }) => createSchedule(accepted(two), owner, undefined, dependencies),
      async ({ readState, sweep }, failed) => {
        expect(failed).toBe(true);
        // After a rejection the schedule is removed at once.
        if (fault === 'rejected') expect(await readState()).toEqual(nothing);
        await sweep();
        const { items, aws } = await readState();
        // Killed after its last call had its effect: the schedule is complete.
        if (fault === 'killed after' && items.length > 0) {
          expect(items[0]).toMatchObject({ state: 'ACTIVE', pendingSince: undefined });
          expect(aws).toEqual(completeSchedules(two));
        } else {
          expect({ items, aws }).toEqual(nothing);
        }
      },
    );
    expect(calls).toBe(fault.startsWith('killed') ? 4 : 2);
  });

  test.each([
    ['one expression to two', one, two],
    ['two expressions to one', two, one],
  ])('while it is changed from %s: it is unchanged or changed completely', async (_how, from, to) => {
    const calls = await atEachCall(
      fault,
      create(from),
      (dependencies, { owner }, scheduleId) =>
        changeSchedule(
          scheduleId,
          { owner, admin: false },
          acceptedChange({ timezone: 'UTC', input: {}, ...to }),
          dependencies,
        ),
      async ({ readState, sweep }) => {
        if (fault !== 'rejected') await sweep();
        const { items, aws } = await readState();
        expect(items).toHaveLength(1);
        expect(items[0]).toMatchObject({ state: 'ACTIVE', pendingSince: undefined });
        const expected = items[0]?.cron === from.cron ? from : to;
        // A request without an input, changed to one with {}: both are text.
        expect(aws.map(({ expression }) => expression)).toEqual(
          completeSchedules(expected).map(({ expression }) => expression),
        );
        expect(new Set(aws.map(({ zone, input }) => `${zone} ${input}`)).size).toBe(1);
      },
    );
    expect(calls).toBeGreaterThanOrEqual(2);
  });

  test('while it is deleted: it is gone after the next request, or a sweep', async () => {
    for (const repeated of [true, false]) {
      const calls = await atEachCall(
        fault,
        create(two),
        (dependencies, { owner }, scheduleId) =>
          deleteSchedule(scheduleId, { owner, admin: false }, dependencies),
        async ({ readState, sweep, owner, healthy }, failed, scheduleId) => {
          expect(failed).toBe(true);
          const { items } = await readState();
          // Killed before its first call, it has not changed anything.
          if (items[0]?.state === 'ACTIVE') return;
          if (repeated && items.length > 0)
            await deleteSchedule(scheduleId, { owner, admin: false }, healthy);
          else await sweep();
          expect(await readState()).toEqual(nothing);
        },
      );
      expect(calls).toBe(fault.startsWith('killed') ? 5 : 2);
    }
  });
});

describe('at the same time', () => {
  test('changes: one succeeds completely, the others get a conflict', async () => {
    const environment = await openEnvironment();
    const scheduleId = await create(one)(environment);
    const change = (cron: string) =>
      changeSchedule(scheduleId, callerOf(environment), acceptedChange({ cron }), environment.healthy);
    const results = await Promise.allSettled([
      change('1 1 1 * FRI'),
      change('2 2 2 * SAT'),
      change('3 3 * * *'),
    ]);
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ name: 'Conflict' });
    }
    const { items, aws } = await environment.readState();
    expect(items).toEqual([expect.objectContaining({ state: 'ACTIVE', pendingSince: undefined })]);
    expect(aws.map(({ expression }) => expression)).toEqual(accepted({ cron: items[0]?.cron }).expressions);
    await environment.service.stop();
  });

  test('requests with one key: one schedule, and the same response or a conflict', async () => {
    const environment = await openEnvironment();
    const request = accepted(two);
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => createSchedule(request, environment.owner, 'key', environment.healthy)),
    );
    const created = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(created.filter(({ replayed }) => !replayed)).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ name: 'Conflict' });
    }
    expect((await createSchedule(request, environment.owner, 'key', environment.healthy)).replayed).toBe(
      true,
    );
    await expect(
      createSchedule(accepted(one), environment.owner, 'key', environment.healthy),
    ).rejects.toMatchObject({
      name: 'Conflict',
    });
    expect((await environment.readState()).items).toHaveLength(1);
    // Another caller's key is another key.
    const schedule = await createSchedule(request, `${environment.owner}-other`, 'key', environment.healthy);
    expect(schedule.replayed).toBe(false);
    await environment.service.stop();
  });
});

test('an interrupted change blocks others for a minute, while its author may still run, and not longer', async () => {
  const environment = await openEnvironment();
  const scheduleId = await create(one)(environment);
  // Killed at the first call of EventBridge Scheduler, after the table was read and written.
  const killed = environment.open(new Breaker(3, 'killed before'));
  const change = (dependencies: ScheduleDependencies, cron: string) =>
    changeSchedule(scheduleId, callerOf(environment), acceptedChange({ cron }), dependencies);
  await expect(change(killed, '1 1 1 * FRI')).rejects.toThrow(Killed);
  await expect(change(environment.healthy, '2 2 * * *')).rejects.toMatchObject({ name: 'Conflict' });
  await expect(deleteSchedule(scheduleId, callerOf(environment), environment.healthy)).rejects.toMatchObject({
    name: 'Conflict',
  });
  environment.clock.set('2026-11-25T08:01:01Z');
  await change(environment.healthy, '2 2 * * *');
  expect((await environment.readState()).aws.map(({ expression }) => expression)).toEqual([
    'cron(2 2 * * ? *)',
  ]);
  await environment.service.stop();
});
