import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as aws from '@aws-sdk/client-scheduler';
import {
  scheduleRequest,
  schedulerRole,
  startScheduler,
  targetStateMachine,
} from '../../../../../harness/in-memory-scheduler.ts';
import { SteppedClock } from '../../../../../harness/virtual-clock.ts';

// The handlers use AWS's client, and so may other programs: its view of the API is the contract, errors included.
const clock = new SteppedClock('2026-11-25T08:00:00Z');
let service: Awaited<ReturnType<typeof startScheduler>>;
let client: aws.SchedulerClient;

beforeAll(async () => {
  service = await startScheduler({ clock });
  client = service.client;
});
afterAll(() => service.stop());

test('a schedule is created, read, replaced and deleted', async () => {
  const { ScheduleArn } = await client.send(
    new aws.CreateScheduleCommand(
      scheduleRequest({
        Name: 'crud',
        Description: 'before',
        ScheduleExpressionTimezone: 'Europe/Berlin',
        StartDate: new Date('2026-12-01T00:00:00Z'),
        EndDate: new Date('2027-12-01T00:00:00Z'),
        FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 },
        Target: {
          Arn: targetStateMachine,
          RoleArn: schedulerRole,
          RetryPolicy: { MaximumEventAgeInSeconds: 600, MaximumRetryAttempts: 3 },
          DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:123456789012:dead' },
        },
      }),
    ),
  );
  expect(ScheduleArn).toBe('arn:aws:scheduler:us-east-1:123456789012:schedule/default/crud');
  const created = await client.send(new aws.GetScheduleCommand({ Name: 'crud' }));
  expect(created).toMatchObject({
    Arn: ScheduleArn,
    GroupName: 'default',
    State: 'ENABLED',
    ActionAfterCompletion: 'NONE',
    Description: 'before',
    ScheduleExpressionTimezone: 'Europe/Berlin',
    StartDate: new Date('2026-12-01T00:00:00Z'),
    EndDate: new Date('2027-12-01T00:00:00Z'),
    FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 },
    CreationDate: new Date('2026-11-25T08:00:00Z'),
    Target: { RetryPolicy: { MaximumRetryAttempts: 3 } },
  });
  // "This means that if you do not set an optional field in your request, that field will be set to its system-default
  // value."
  await client.send(new aws.UpdateScheduleCommand(scheduleRequest({ Name: 'crud', State: 'DISABLED' })));
  const updated = await client.send(new aws.GetScheduleCommand({ Name: 'crud' }));
  expect(updated).toMatchObject({ State: 'DISABLED', ScheduleExpressionTimezone: 'UTC' });
  expect([updated.Description, updated.StartDate, updated.Target?.RetryPolicy]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  await client.send(new aws.DeleteScheduleCommand({ Name: 'crud' }));
  await expect(client.send(new aws.GetScheduleCommand({ Name: 'crud' }))).rejects.toBeInstanceOf(
    aws.ResourceNotFoundException,
  );
});

test('a group is deleted with its schedules; lists are paged and filtered', async () => {
  const { ScheduleGroupArn } = await client.send(new aws.CreateScheduleGroupCommand({ Name: 'jobs' }));
  expect(ScheduleGroupArn).toBe('arn:aws:scheduler:us-east-1:123456789012:schedule-group/jobs');
  expect(await client.send(new aws.GetScheduleGroupCommand({ Name: 'jobs' }))).toMatchObject({
    State: 'ACTIVE',
  });
  const groups = await client.send(new aws.ListScheduleGroupsCommand({}));
  expect(groups.ScheduleGroups?.map(({ Name }) => Name)).toEqual(['default', 'jobs']);
  for (const Name of ['b2', 'a1', 'b1', 'b3']) {
    const State = Name === 'b2' ? 'DISABLED' : 'ENABLED';
    await client.send(new aws.CreateScheduleCommand(scheduleRequest({ Name, GroupName: 'jobs', State })));
  }
  const list = async (request: aws.ListSchedulesInput): Promise<string[]> => {
    const names: string[] = [];
    for await (const { Schedules = [] } of aws.paginateListSchedules({ client, pageSize: 2 }, request)) {
      names.push(...Schedules.map(({ Name = '' }) => Name));
    }
    return names;
  };
  expect(await list({ GroupName: 'jobs' })).toEqual(['a1', 'b1', 'b2', 'b3']);
  expect(await list({ GroupName: 'jobs', NamePrefix: 'b' })).toEqual(['b1', 'b2', 'b3']);
  expect(await list({ NamePrefix: 'b', State: 'DISABLED' })).toEqual(['b2']);
  const { Schedules: [summary] = [] } = await client.send(
    new aws.ListSchedulesCommand({ GroupName: 'jobs' }),
  );
  expect(summary).toMatchObject({ GroupName: 'jobs', Target: { Arn: targetStateMachine } });
  await client.send(new aws.DeleteScheduleGroupCommand({ Name: 'jobs' }));
  expect(await list({})).toEqual([]);
  await expect(
    client.send(new aws.GetScheduleCommand({ Name: 'a1', GroupName: 'jobs' })),
  ).rejects.toBeInstanceOf(aws.ResourceNotFoundException);
});

test('the same request with the same token has the same response; any other is a conflict', async () => {
  const request = scheduleRequest({ Name: 'token', ClientToken: 'first' });
  const { ScheduleArn } = await client.send(new aws.CreateScheduleCommand(request));
  expect((await client.send(new aws.CreateScheduleCommand(request))).ScheduleArn).toBe(ScheduleArn);
  const others = [
    { ...request, ClientToken: 'second' },
    { ...request, State: 'DISABLED' as const },
  ];
  for (const other of others) {
    await expect(client.send(new aws.CreateScheduleCommand(other))).rejects.toBeInstanceOf(
      aws.ConflictException,
    );
  }
});

describe('what AWS rejects is rejected with the same class', () => {
  const create = (more: Partial<aws.CreateScheduleInput>) => () =>
    client.send(new aws.CreateScheduleCommand(scheduleRequest({ Name: 'rejected', ...more })));
  const target = { Arn: targetStateMachine, RoleArn: schedulerRole };
  const cases: [string, () => Promise<unknown>, new (...parameters: never[]) => Error][] = [
    ['a bad expression', create({ ScheduleExpression: 'cron(0 0 * * * *)' }), aws.ValidationException],
    ['an unknown time zone', create({ ScheduleExpressionTimezone: 'Mars/Olympus' }), aws.ValidationException],
    ['an invalid name', create({ Name: 'a b' }), aws.ValidationException],
    ['a start long ago', create({ StartDate: new Date('2026-11-25T07:54:59Z') }), aws.ValidationException],
    ['an end before now', create({ EndDate: new Date('2026-11-25T08:00:00Z') }), aws.ValidationException],
    [
      'an end before the start',
      create({ StartDate: new Date('2027-01-02T00:00:00Z'), EndDate: new Date('2027-01-01T00:00:00Z') }),
      aws.ValidationException,
    ],
    ['input that is not JSON', create({ Target: { ...target, Input: '{' } }), aws.ValidationException],
    [
      'an unsupported target',
      create({ Target: { ...target, Arn: 'arn:aws:lambda:us-east-1:123456789012:function:f' } }),
      aws.ValidationException,
    ],
    [
      'a flexible window without a length',
      create({ FlexibleTimeWindow: { Mode: 'FLEXIBLE' } }),
      aws.ValidationException,
    ],
    ['an unknown group', create({ GroupName: 'nowhere' }), aws.ResourceNotFoundException],
    [
      'an update of an unknown schedule',
      () => client.send(new aws.UpdateScheduleCommand(scheduleRequest({ Name: 'nothing' }))),
      aws.ResourceNotFoundException,
    ],
    [
      'a delete of an unknown schedule',
      () => client.send(new aws.DeleteScheduleCommand({ Name: 'nothing' })),
      aws.ResourceNotFoundException,
    ],
    [
      'a delete of the default group',
      () => client.send(new aws.DeleteScheduleGroupCommand({ Name: 'default' })),
      aws.ValidationException,
    ],
    [
      'a foreign token',
      () => client.send(new aws.ListSchedulesCommand({ NextToken: 'e30' })),
      aws.ValidationException,
    ],
  ];
  test.each(cases)('%s', async (_what, call, type) => {
    await expect(call()).rejects.toBeInstanceOf(type);
    await expect(client.send(new aws.GetScheduleCommand({ Name: 'rejected' }))).rejects.toBeInstanceOf(
      aws.ResourceNotFoundException,
    );
  });

  test('and so is a malformed request', async () => {
    const statuses = await Promise.all([
      fetch(`${service.url}/schedules/a`, { method: 'POST', body: '{' }),
      fetch(`${service.url}/schedules/a`, { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1) }),
      fetch(`${service.url}/elsewhere`),
      fetch(`${service.url}/schedules/%E0%A4%A`),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    expect(statuses.map(({ headers }) => headers.get('x-amzn-errortype'))).toEqual(
      statuses.map(() => 'ValidationException'),
    );
  });
});
