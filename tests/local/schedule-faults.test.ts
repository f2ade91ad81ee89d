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
 * A schedule is an item in the table and one or two schedules at EventBridge Scheduler, and no transaction spans both. Each
 * call on the way fails here in each way; afterwards, at the latest after a sweep, there must be all of it or nothing.
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

/** How one call fails: refused, answered too late, or the function dies with it, before or after it was done. */
const faults = ['refused', 'answer lost', 'killed before', 'killed after'] as const;
type Fault = (typeof faults)[number];

const limits = { cpu: '4', memory: '8Gi' };
const accepted = (request: object) => acceptSchedule(JSON.stringify(request), limits);
const acceptedChange = (change: object) => acceptChange(JSON.stringify(change), limits);

class Killed extends Error {}

/** Breaks the n-th call. Only those to EventBridge Scheduler are refused or unheard; a function dies with any call. */
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
    // Who is dead does nothing more.
    if (this.#calls < this.#nth || (this.#calls > this.#nth && !this.kills)) return call();
    if (this.#calls === this.#nth && /lost|after/.test(this.#fault)) await call();
    if (this.kills) throw new Killed();
    if (this.#fault === 'answer lost') throw new Error('socket hang up');
    throw new ThrottlingException({ message: '', Message: '', $metadata: { httpStatusCode: 429 } });
  }
}

const one = { cron: '0 7 * * MON' };
const two = { cron: '0 7 1 * MON', timezone: 'Europe/Berlin', input: { source: 'synthetic', records: 2 } };

/** A world of its own: a Scheduler, an owner, and a clock. */
async function world() {
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
  /** What a function works with; through a breaker if there is one. */
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
  /** What is there, on both sides. */
  const standing = async () => {
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
  return { service, owner, open, healthy, standing, sweep, clock };
}

type World = Awaited<ReturnType<typeof world>>;

const callerOf = ({ owner }: World): Caller => ({ owner, admin: false });
type Standing = Awaited<ReturnType<World['standing']>>;

const nothing: Standing = { items: [], aws: [] };
const whole = (request: typeof one | typeof two): Standing['aws'] => {
  const { expressions, timezone, input } = accepted(request);
  return expressions.map((expression) => ({ expression, zone: timezone, state: 'ENABLED' as const, input }));
};

async function failing(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => false,
    () => true,
  );
}

/** Does `work` with a client that fails at each call in turn, until there is no such call any more. */
async function atEachCall(
  fault: Fault,
  prepare: (world: World) => Promise<string>,
  work: (dependencies: ScheduleDependencies, world: World, scheduleId: string) => Promise<unknown>,
  check: (world: World, failed: boolean, scheduleId: string) => Promise<void>,
): Promise<number> {
  for (let nth = 1; ; nth += 1) {
    const here = await world();
    try {
      const scheduleId = await prepare(here);
      const breaker = new Breaker(nth, fault);
      const failed = await failing(work(here.open(breaker), here, scheduleId));
      if (breaker.calls < nth) return nth - 1;
      await check(here, failed, scheduleId);
    } finally {
      await here.service.stop();
    }
  }
}

const make =
  (request: object) =>
  async ({ healthy, owner }: World): Promise<string> =>
    (await createSchedule(accepted(request), owner, undefined, healthy)).record.schedule.scheduleId;

describe.each(faults)('a call to EventBridge Scheduler is %s', (fault) => {
  test('while a schedule of two halves is made: there is none, or all of it', async () => {
    const calls = await atEachCall(
      fault,
      () => Promise.resolve(''),
      (dependencies, { owner }) => createSchedule(accepted(two), owner, undefined, dependencies),
      async ({ standing, sweep }, failed) => {
        expect(failed).toBe(true);
        // What AWS has refused is gone at once.
        if (fault === 'refused') expect(await standing()).toEqual(nothing);
        await sweep();
        const { items, aws } = await standing();
        // Dead with its last word on the way: all of it is there.
        if (fault === 'killed after' && items.length > 0) {
          expect(items[0]).toMatchObject({ state: 'ACTIVE', pendingSince: undefined });
          expect(aws).toEqual(whole(two));
        } else {
          expect({ items, aws }).toEqual(nothing);
        }
      },
    );
    expect(calls).toBe(fault.startsWith('killed') ? 4 : 2);
  });

  test.each([
    ['one half to two', one, two],
    ['two halves to one', two, one],
  ])('while it is changed from %s: it is as before, or as wanted', async (_how, from, to) => {
    const calls = await atEachCall(
      fault,
      make(from),
      (dependencies, { owner }, scheduleId) =>
        changeSchedule(
          scheduleId,
          { owner, admin: false },
          acceptedChange({ timezone: 'UTC', input: {}, ...to }),
          dependencies,
        ),
      async ({ standing, sweep }) => {
        if (fault !== 'refused') await sweep();
        const { items, aws } = await standing();
        expect(items).toHaveLength(1);
        expect(items[0]).toMatchObject({ state: 'ACTIVE', pendingSince: undefined });
        const expected = items[0]?.cron === from.cron ? from : to;
        // A request without an input, changed to one with {}: both are text.
        expect(aws.map(({ expression }) => expression)).toEqual(
          whole(expected).map(({ expression }) => expression),
        );
        expect(new Set(aws.map(({ zone, input }) => `${zone} ${input}`)).size).toBe(1);
      },
    );
    expect(calls).toBeGreaterThanOrEqual(2);
  });

  test('while it is deleted: it is gone after the next try, or a sweep', async () => {
    for (const again of [true, false]) {
      const calls = await atEachCall(
        fault,
        make(two),
        (dependencies, { owner }, scheduleId) =>
          deleteSchedule(scheduleId, { owner, admin: false }, dependencies),
        async ({ standing, sweep, owner, healthy }, failed, scheduleId) => {
          expect(failed).toBe(true);
          const { items } = await standing();
          // Dead before its first word, nothing was begun; after its last, nothing is left to do.
          if (items[0]?.state === 'ACTIVE') return;
          if (again && items.length > 0) await deleteSchedule(scheduleId, { owner, admin: false }, healthy);
          else await sweep();
          expect(await standing()).toEqual(nothing);
        },
      );
      expect(calls).toBe(fault.startsWith('killed') ? 5 : 2);
    }
  });
});

describe('two at once', () => {
  test('changes: one wins whole, the other is told', async () => {
    const here = await world();
    const scheduleId = await make(one)(here);
    const change = (cron: string) =>
      changeSchedule(scheduleId, callerOf(here), acceptedChange({ cron }), here.healthy);
    const results = await Promise.allSettled([
      change('1 1 1 * FRI'),
      change('2 2 2 * SAT'),
      change('3 3 * * *'),
    ]);
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ name: 'Conflict' });
    }
    const { items, aws } = await here.standing();
    expect(items).toEqual([expect.objectContaining({ state: 'ACTIVE', pendingSince: undefined })]);
    expect(aws.map(({ expression }) => expression)).toEqual(accepted({ cron: items[0]?.cron }).expressions);
    await here.service.stop();
  });

  test('requests with one key: one schedule, and the same answer or a request to wait', async () => {
    const here = await world();
    const wanted = accepted(two);
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => createSchedule(wanted, here.owner, 'key', here.healthy)),
    );
    const made = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(made.filter(({ replayed }) => !replayed)).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ name: 'Conflict' });
    }
    expect((await createSchedule(wanted, here.owner, 'key', here.healthy)).replayed).toBe(true);
    await expect(createSchedule(accepted(one), here.owner, 'key', here.healthy)).rejects.toMatchObject({
      name: 'Conflict',
    });
    expect((await here.standing()).items).toHaveLength(1);
    // Another caller's key is another key.
    const theirs = await createSchedule(wanted, `${here.owner}-other`, 'key', here.healthy);
    expect(theirs.replayed).toBe(false);
    await here.service.stop();
  });
});

test('a change that was cut off is not taken over while its author may live, and is a minute later', async () => {
  const here = await world();
  const scheduleId = await make(one)(here);
  // Read, written, and dead with the first call to EventBridge Scheduler.
  const dying = here.open(new Breaker(3, 'killed before'));
  const change = (dependencies: ScheduleDependencies, cron: string) =>
    changeSchedule(scheduleId, callerOf(here), acceptedChange({ cron }), dependencies);
  await expect(change(dying, '1 1 1 * FRI')).rejects.toThrow(Killed);
  await expect(change(here.healthy, '2 2 * * *')).rejects.toMatchObject({ name: 'Conflict' });
  await expect(deleteSchedule(scheduleId, callerOf(here), here.healthy)).rejects.toMatchObject({
    name: 'Conflict',
  });
  here.clock.set('2026-11-25T08:01:01Z');
  await change(here.healthy, '2 2 * * *');
  expect((await here.standing()).aws.map(({ expression }) => expression)).toEqual(['cron(2 2 * * ? *)']);
  await here.service.stop();
});
