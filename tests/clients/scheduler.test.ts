import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateScheduleCommand } from '@aws-sdk/client-scheduler';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  scheduleRequest,
  schedulerRole,
  startScheduler,
  targetStateMachine,
} from '../harness/in-memory-scheduler.ts';
import { SteppedClock } from '../harness/virtual-clock.ts';

/** The usual tools for schedules must work with the local endpoint as with AWS. */
const programs = fileURLToPath(new URL('../../.venv/bin/', import.meta.url));
const script = fileURLToPath(new URL('scheduler.py', import.meta.url));
const run = promisify(execFile);

let service: Awaited<ReturnType<typeof startScheduler>>;

beforeAll(async () => {
  service = await startScheduler({ clock: new SteppedClock('2026-11-25T08:00:00Z') });
});
afterAll(() => service.stop());

test('boto3 creates, reads, changes, lists and deletes schedules and groups, and has classes for the errors', async () => {
  const { stdout } = await run(`${programs}python`, [script, service.url, targetStateMachine, schedulerRole]);
  expect(JSON.parse(stdout)).toEqual({
    group: 'arn:aws:scheduler:us-east-1:123456789012:schedule-group/boto',
    created: 'arn:aws:scheduler:us-east-1:123456789012:schedule/boto/monday',
    start: '2027-01-01T00:00:00+00:00',
    read: {
      Name: 'monday',
      State: 'ENABLED',
      ScheduleExpression: 'cron(0 7 ? * MON *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
    },
    changed: {
      State: 'DISABLED',
      ScheduleExpression: 'rate(5 minutes)',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 3 },
      StartDate: null,
    },
    listed: ['monday', 'other-0', 'other-1', 'other-2'],
    errors: ['ConflictException', 'ResourceNotFoundException', 'ValidationException'],
    left: ['other-0', 'other-1', 'other-2'],
    groups: ['default'],
  });
});

test('the AWS CLI lists and shows schedules', async () => {
  for (const Name of ['a', 'b', 'c'])
    await service.client.send(new CreateScheduleCommand(scheduleRequest({ Name })));
  const env = {
    PATH: process.env['PATH'],
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_PAGER: '',
  };
  const aws = async (...options: string[]): Promise<unknown> => {
    const common = ['--endpoint-url', service.url, '--output', 'json'];
    return JSON.parse((await run(`${programs}aws`, ['scheduler', ...options, ...common], { env })).stdout);
  };
  expect(await aws('list-schedules', '--page-size', '2', '--query', 'Schedules[].Name')).toEqual([
    'a',
    'b',
    'c',
  ]);
  expect(await aws('get-schedule', '--name', 'b')).toMatchObject({ Name: 'b', State: 'ENABLED' });
});
