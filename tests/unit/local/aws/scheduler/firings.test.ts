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

test('one firing each minute, each with its scheduled time and another name', async () => {
  const clock = new SteppedClock('2026-11-25T08:00:30Z');
  const service = await started({ clock });
  await service.client.send(new aws.CreateScheduleCommand(scheduleRequest()));
  for (const minute of ['01', '02', '03']) await advanceTo(clock, `2026-11-25T08:${minute}:00Z`);
  await advanceTo(clock, '2026-11-25T08:03:59Z');
  expect(inputs(service)).toEqual(['08:01:00Z', '08:02:00Z', '08:03:00Z']);
  expect(new Set(service.delivered.map(({ name }) => name)).size).toBe(3);
});

test('a schedule fires by the clocks of its time zone', async () => {
  const clock = new SteppedClock('2027-03-28T00:10:00Z');
  const service = await started({ clock });
  const expression = 'cron(0/30 * * * ? *)';
  await service.client.send(
    new aws.CreateScheduleCommand(
      scheduleRequest({ ScheduleExpression: expression, ScheduleExpressionTimezone: 'Europe/Berlin' }),
    ),
  );
  // 02:00 to 03:00 does not exist that night: 03:00 follows 01:30, half an hour later.
  for (const time of ['00:30', '01:00', '01:30']) await advanceTo(clock, `2027-03-28T${time}:00Z`);
  expect(inputs(service)).toEqual(['00:30:00Z', '01:00:00Z', '01:30:00Z']);
});

test('context attributes are replaced wherever they are, and the rest of the input does not change', async () => {
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

test('a disabled schedule does not fire, and fires from now on when it is enabled', async () => {
  const clock = new SteppedClock('2026-11-25T08:00:30Z');
  const service = await started({ clock });
  await service.client.send(new aws.CreateScheduleCommand(scheduleRequest({ State: 'DISABLED' })));
  await advanceTo(clock, '2026-11-25T08:05:00Z');
  expect(service.delivered).toEqual([]);
  await service.client.send(new aws.UpdateScheduleCommand(scheduleRequest()));
  await advanceTo(clock, '2026-11-25T08:06:00Z');
  expect(inputs(service)).toEqual(['08:05:00Z', '08:06:00Z']);
});

test('a deleted schedule does not fire', async () => {
  const clock = new SteppedClock('2026-11-25T08:00:30Z');
  const service = await started({ clock });
  await service.client.send(new aws.CreateScheduleCommand(scheduleRequest()));
  await service.client.send(new aws.DeleteScheduleCommand({ Name: 'one' }));
  await advanceTo(clock, '2026-11-25T08:02:00Z');
  expect(service.delivered).toEqual([]);
});

test('ActionAfterCompletion DELETE: deleted after its only firing, or after its last before EndDate', async () => {
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

test('a failed delivery is tried again as long as the RetryPolicy allows; other firings do not wait', async () => {
  const clock = new SteppedClock('2026-11-25T08:00:30Z');
  const attempts: string[] = [];
  const consoleError = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const service = await started({
    clock,
    deliver: (_target, _name, input) => {
      attempts.push(JSON.parse(input) as string);
      if (input.includes('bad')) throw new Error('unknown state machine');
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
  expect(consoleError.mock.calls.flat().join()).toMatch(/given up: unknown state machine/);
  consoleError.mockRestore();
});

test('schedules and undelivered firings survive the process; the firings of a short outage are made up for, those of a long one are not', async () => {
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

  // Three minutes: every firing is delivered, late, with its scheduled time.
  clock.set('2026-11-25T08:04:10Z');
  const second = await started({ clock, database });
  await advanceTo(clock, '2026-11-25T08:04:11Z');
  expect(inputs(second)).toEqual(['08:02:00Z', '08:03:00Z', '08:04:00Z']);
  await second.stop();
  running.length = 0;

  // An hour: the firings of the last ten minutes, and the one-time schedule, which fires only once.
  const consoleError = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  clock.set('2026-11-25T09:04:10Z');
  const third = await started({ clock, database });
  await advanceTo(clock, '2026-11-25T09:04:11Z');
  expect(inputs(third).sort()).toEqual([
    '08:30:00Z',
    ...['08:55:00Z', '08:56:00Z', '08:57:00Z', '08:58:00Z', '08:59:00Z'],
    ...['09:00:00Z', '09:01:00Z', '09:02:00Z', '09:03:00Z', '09:04:00Z'],
  ]);
  expect(consoleError.mock.calls.flat().join()).toContain('were missed');
  consoleError.mockRestore();
});

test('after a kill between delivery and its record the firing is delivered again: at least once, as on AWS', async () => {
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
  const restarted = await started({ clock, database });
  await advanceTo(clock, '2026-11-25T08:01:01Z');
  expect(inputs(restarted)).toEqual(['08:01:00Z']);
  expect(restarted.delivered[0]?.name).not.toBe(names[0]);
  delivery.resolve(undefined);
  await killed.stop();
});
