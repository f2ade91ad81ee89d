import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, jest, test } from '@jest/globals';
import * as aws from '@aws-sdk/client-scheduler';
import {
  advanceTo,
  scheduleRequest,
  schedulerRole,
  startScheduler,
  targetStateMachine,
} from '../../../../harness/in-memory-scheduler.ts';
import { SteppedClock } from '../../../../harness/virtual-clock.ts';

const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-scheduler-'));
const running: Awaited<ReturnType<typeof startScheduler>>[] = [];

afterEach(async () => {
  for (const service of running.splice(0)) await service.stop();
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

async function started(...options: Parameters<typeof startScheduler>): ReturnType<typeof startScheduler> {
  const service = await startScheduler(...options);
  running.push(service);
  service.scheduler.start();
  return service;
}

const inputs = (service: Awaited<ReturnType<typeof startScheduler>>): string[] =>
  service.delivered.map(({ input }) => (JSON.parse(input) as string).slice(11));

test('each minute one tick, with its scheduled time, and a name of its own', async () => {
  const clock = new SteppedClock('2026-11-25T08:00:30Z');
  const service = await started({ clock });
  await service.client.send(new aws.CreateScheduleCommand(scheduleRequest()));
  for (const minute of ['01', '02', '03']) await advanceTo(clock, `2026-11-25T08:${minute}:00Z`);
  await advanceTo(clock, '2026-11-25T08:03:59Z');
  expect(inputs(service)).toEqual(['08:01:00Z', '08:02:00Z', '08:03:00Z']);
  expect(new Set(service.delivered.map(({ name }) => name)).size).toBe(3);
});

test('the clocks of its zone decide', async () => {
  const clock = new SteppedClock('2027-03-28T00:10:00Z');
  const service = await started({ clock });
  const expression = 'cron(0/30 * * * ? *)';
  await service.client.send(
    new aws.CreateScheduleCommand(
      scheduleRequest({ ScheduleExpression: expression, ScheduleExpressionTimezone: 'Europe/Berlin' }),
    ),
  );
  // 02:00 to 03:00 does not exist that night: from 01:30 it goes on at 03:00, half an hour later.
  for (const time of ['00:30', '01:00', '01:30']) await advanceTo(clock, `2027-03-28T${time}:00Z`);
  expect(inputs(service)).toEqual(['00:30:00Z', '01:00:00Z', '01:30:00Z']);
});

test('context attributes are filled in wherever they stand, and nothing else is touched', async () => {
  const clock = new SteppedClock('2026-11-25T08:00:30Z');
  const service = await started({ clock });
  const Input = JSON.stringify({
    arn: '<aws.scheduler.schedule-arn>',
    id: '<aws.scheduler.execution-id>',
    other: '<aws.scheduler.nothing> $& $1',
    twice: '<aws.scheduler.attempt-number>/<aws.scheduler.attempt-number>',
  });
  await service.client.send(
    new aws.CreateScheduleCommand(
      scheduleRequest({ Target: { Arn: targetStateMachine, RoleArn: schedulerRole, Input } }),
    ),
  );
  await advanceTo(clock, '2026-11-25T08:01:00Z');
  const [delivery] = service.delivered;
  expect(JSON.parse(delivery?.input ?? '')).toEqual({
    arn: 'arn:aws:scheduler:us-east-1:123456789012:schedule/default/one',
    id: delivery?.name,
    other: '<aws.scheduler.nothing> $& $1',
    twice: '1/1',
  });
});

test('a disabled schedule is silent, and goes on from now when it is enabled', async () => {
  const clock = new SteppedClock('2026-11-25T08:00:30Z');
  const service = await started({ clock });
  await service.client.send(new aws.CreateScheduleCommand(scheduleRequest({ State: 'DISABLED' })));
  await advanceTo(clock, '2026-11-25T08:05:00Z');
  expect(service.delivered).toEqual([]);
  await service.client.send(new aws.UpdateScheduleCommand(scheduleRequest()));
  await advanceTo(clock, '2026-11-25T08:06:00Z');
  expect(inputs(service)).toEqual(['08:05:00Z', '08:06:00Z']);
});

test('one that was deleted fires no more', async () => {
  const clock = new SteppedClock('2026-11-25T08:00:30Z');
  const service = await started({ clock });
  await service.client.send(new aws.CreateScheduleCommand(scheduleRequest()));
  await service.client.send(new aws.DeleteScheduleCommand({ Name: 'one' }));
  await advanceTo(clock, '2026-11-25T08:02:00Z');
  expect(service.delivered).toEqual([]);
});

test('ActionAfterCompletion DELETE: gone after its one tick, or after its last before EndDate', async () => {
  const clock = new SteppedClock('2026-11-25T08:00:30Z');
  const service = await started({ clock });
  const ActionAfterCompletion = 'DELETE';
  await service.client.send(
    new aws.CreateScheduleCommand(
      scheduleRequest({ Name: 'once', ScheduleExpression: 'at(2026-11-25T08:02:30)', ActionAfterCompletion }),
    ),
  );
  await service.client.send(
    new aws.CreateScheduleCommand(
      scheduleRequest({ Name: 'some', EndDate: new Date('2026-11-25T08:03:00Z'), ActionAfterCompletion }),
    ),
  );
  await service.client.send(
    new aws.CreateScheduleCommand(
      scheduleRequest({ Name: 'kept', ScheduleExpression: 'at(2026-11-25T08:02:30)' }),
    ),
  );
  for (const time of ['08:01', '08:02', '08:03']) await advanceTo(clock, `2026-11-25T${time}:00Z`);
  const { Schedules = [] } = await service.client.send(new aws.ListSchedulesCommand({}));
  expect(Schedules.map(({ Name }) => Name)).toEqual(['kept']);
  expect(inputs(service).sort()).toEqual(['08:01:00Z', '08:02:00Z', '08:02:30Z', '08:02:30Z']);
});

test('a flexible window spreads deliveries, not scheduled times', async () => {
  const clock = new SteppedClock('2026-11-25T08:00:30Z');
  const service = await started({ clock, random: () => 0.5 });
  await service.client.send(
    new aws.CreateScheduleCommand(
      scheduleRequest({
        ScheduleExpression: 'rate(1 hour)',
        StartDate: new Date('2026-11-25T09:00:00Z'),
        FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 10 },
      }),
    ),
  );
  await advanceTo(clock, '2026-11-25T09:04:59Z');
  expect(service.delivered).toEqual([]);
  await advanceTo(clock, '2026-11-25T09:05:00Z');
  expect(inputs(service)).toEqual(['09:00:00Z']);
});

test('a target that fails is tried again, until the RetryPolicy ends it; other ticks do not wait', async () => {
  const clock = new SteppedClock('2026-11-25T08:00:30Z');
  const attempts: string[] = [];
  const complaint = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const service = await started({
    clock,
    deliver: (_target, _name, input) => {
      attempts.push(JSON.parse(input) as string);
      if (input.includes('bad')) throw new Error('no such state machine');
    },
  });
  const target = { Arn: targetStateMachine, RoleArn: schedulerRole };
  const once = { ScheduleExpression: 'at(2026-11-25T08:01:00)' };
  const RetryPolicy = { MaximumRetryAttempts: 2 };
  await service.client.send(
    new aws.CreateScheduleCommand(
      scheduleRequest({
        ...once,
        Name: 'bad',
        Target: { ...target, Input: '"bad <aws.scheduler.attempt-number>"', RetryPolicy },
      }),
    ),
  );
  await service.client.send(
    new aws.CreateScheduleCommand(
      scheduleRequest({ ...once, Name: 'good', Target: { ...target, Input: '"good"' } }),
    ),
  );
  for (const seconds of ['00', '01', '02', '03', '04', '05', '06', '07', '08']) {
    await advanceTo(clock, `2026-11-25T08:01:${seconds}Z`);
  }
  expect(attempts).toEqual(['bad 1', 'good', 'bad 2', 'bad 3']);
  expect(complaint.mock.calls.flat().join()).toMatch(/given up: no such state machine/);
  complaint.mockRestore();
});

test('schedules and undelivered ticks outlive the process; short outages are made up for, long ones are not', async () => {
  const database = join(directory, 'schedules.sqlite');
  const clock = new SteppedClock('2026-11-25T08:00:30Z');
  const first = await started({ clock, database });
  await first.client.send(new aws.CreateScheduleCommand(scheduleRequest({ Name: 'minutes' })));
  await first.client.send(
    new aws.CreateScheduleCommand(
      scheduleRequest({ Name: 'once', ScheduleExpression: 'at(2026-11-25T08:30:00)' }),
    ),
  );
  await advanceTo(clock, '2026-11-25T08:01:00Z');
  await first.stop();
  running.length = 0;

  // Three minutes: every tick comes, late, with the time it was meant for.
  clock.set('2026-11-25T08:04:10Z');
  const second = await started({ clock, database });
  await advanceTo(clock, '2026-11-25T08:04:11Z');
  expect(inputs(second)).toEqual(['08:02:00Z', '08:03:00Z', '08:04:00Z']);
  await second.stop();
  running.length = 0;

  // An hour: the last ten minutes come; and the one-time schedule, which has no other tick.
  const complaint = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  clock.set('2026-11-25T09:04:10Z');
  const third = await started({ clock, database });
  await advanceTo(clock, '2026-11-25T09:04:11Z');
  expect(inputs(third).sort()).toEqual([
    '08:30:00Z',
    ...['08:55:00Z', '08:56:00Z', '08:57:00Z', '08:58:00Z', '08:59:00Z'],
    ...['09:00:00Z', '09:01:00Z', '09:02:00Z', '09:03:00Z', '09:04:00Z'],
  ]);
  expect(complaint.mock.calls.flat().join()).toContain('were missed');
  complaint.mockRestore();
});

test('a kill between delivery and its record delivers again: at least once, as AWS', async () => {
  const database = join(directory, 'killed.sqlite');
  const clock = new SteppedClock('2026-11-25T08:00:30Z');
  const names: string[] = [];
  const delivery = Promise.withResolvers<undefined>();
  const killed = await started({
    clock,
    database,
    deliver: (_target, name) => {
      names.push(name);
      // The process ends here.
      return delivery.promise;
    },
  });
  await killed.client.send(new aws.CreateScheduleCommand(scheduleRequest()));
  clock.set('2026-11-25T08:01:00Z');
  while (names.length === 0) await new Promise(setImmediate);
  running.length = 0;
  const again = await started({ clock, database });
  await advanceTo(clock, '2026-11-25T08:01:01Z');
  expect(inputs(again)).toEqual(['08:01:00Z']);
  expect(again.delivered[0]?.name).not.toBe(names[0]);
  delivery.resolve(undefined);
  await killed.stop();
});
