import { afterEach, describe, expect, test } from '@jest/globals';
import { ListExecutionsCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import type { JobView } from '../../api/responses/job.ts';
import type { ScheduleView } from '../../api/responses/schedule.ts';
import { eventually, RunningService } from '../harness/running-service.ts';

/** Schedules go by a clock that the tests move; jobs, table and Step Functions are the real ones, on real time. */
const options = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:eks-jobs-local-run-job';
// A Friday, and the 13th.
const begin = '2026-11-13T07:57:30Z';
const trap = {
  source: 'inline',
  format: 'csv',
  data: 'note\n<aws.scheduler.execution-id> \\u003c\n<aws.scheduler.scheduled-time>\n',
};
const slow = { source: 'synthetic', records: 100, recordsPerSecond: 100 };

let service: RunningService;

afterEach(() => service.stop());

async function make(request: object): Promise<string> {
  const answer = await service.request<ScheduleView>('POST', '/jobs/schedule', {
    body: JSON.stringify(request),
  });
  expect(answer.status).toBe(201);
  return answer.body.scheduleId;
}

const tick = (scheduleId: string, minute: string): string =>
  `${scheduleId}-2026-11-13-${minute.replace(':', '')}`;

/** The job of a tick, when it has ended. */
async function jobOf(scheduleId: string, minute: string): Promise<JobView> {
  const jobId = tick(scheduleId, minute);
  await eventually(
    async () => (await service.request('GET', `/jobs/${jobId}`)).status === 200 || undefined,
    `the job of ${minute}`,
  );
  return service.ended(jobId);
}

/** How many executions there are; each has ended. */
async function settledExecutions(): Promise<number> {
  const client = new SFNClient({ endpoint: service.stepFunctionsUrl, ...options });
  const executions = await eventually(async () => {
    const { executions: all = [] } = await client.send(new ListExecutionsCommand({ stateMachineArn }));
    return all.every(({ status }) => status !== 'RUNNING') ? all : undefined;
  }, 'the end of all executions');
  client.destroy();
  expect(executions.map(({ status }) => status)).toEqual(executions.map(() => 'SUCCEEDED'));
  return executions.length;
}

const once = (jobs: number): object => ({
  succeedJob: jobs,
  jobRetry: 0,
  failedJob: 0,
  jobs: { succeeded: jobs, failed: 0, cancelled: 0, timedOut: 0 },
});

test('* * * * *: one job a minute, with its schedule, its minute, its options and its input as it was sent', async () => {
  service = await RunningService.start({ clock: begin });
  const jobOptions = { timeoutSeconds: 60, maxAttempts: 2, labels: { team: 'a' }, resources: { cpu: '1' } };
  const scheduleId = await make({ cron: '* * * * *', input: trap, ...jobOptions });
  for (const minute of ['07:58', '07:59', '08:00', '08:01', '08:02']) {
    service.setClock(`2026-11-13T${minute}:00Z`);
    expect(await jobOf(scheduleId, minute)).toMatchObject({
      status: 'SUCCEEDED',
      origin: 'schedule',
      scheduleId,
      scheduledAt: `2026-11-13T${minute}:00.000Z`,
      owner: 'local',
      input: trap,
      ...jobOptions,
    });
  }
  expect(await settledExecutions()).toBe(5);
  expect(await service.stats()).toEqual(once(5));
});

describe('a tick is one job', () => {
  test('though it is delivered again and again, before, at once and after', async () => {
    service = await RunningService.start({ clock: begin });
    const scheduleId = await make({ cron: '* * * * *', input: trap });
    const scheduler = new SchedulerClient({ endpoint: service.schedulerUrl, ...options });
    const stepFunctions = new SFNClient({ endpoint: service.stepFunctionsUrl, ...options });
    const { Target } = await scheduler.send(
      new GetScheduleCommand({ GroupName: 'eks-jobs-local', Name: `${scheduleId}-1` }),
    );
    const deliver = async (minute: string, seconds: string): Promise<void> => {
      const input = Target?.Input?.replace(
        '<aws.scheduler.scheduled-time>',
        `2026-11-13T${minute}:${seconds}Z`,
      );
      await stepFunctions.send(new StartExecutionCommand({ stateMachineArn, input }));
    };
    for (const minute of ['07:58', '07:59', '08:00']) {
      const early = deliver(minute, '00');
      service.setClock(`2026-11-13T${minute}:00Z`);
      await Promise.all([early, deliver(minute, '00')]);
      expect(await jobOf(scheduleId, minute)).toMatchObject({
        status: 'SUCCEEDED',
        attempts: [{ attempt: 0 }],
      });
      await deliver(minute, '00');
    }
    expect(await settledExecutions()).toBe(12);
    expect(await service.stats()).toEqual(once(3));
    scheduler.destroy();
    stepFunctions.destroy();
  });

  test('though both halves of an OR cron fire on the same day', async () => {
    service = await RunningService.start({ clock: begin });
    const scheduleId = await make({ cron: '58 7 13 * FRI', input: trap });
    service.setClock('2026-11-13T07:58:00Z');
    await jobOf(scheduleId, '07:58');
    await eventually(async () => ((await settledExecutions()) === 2 ? true : undefined), 'both halves');
    expect(await service.stats()).toEqual(once(1));
  });
});

test('killed and started again between ticks and during them: one job a minute, none forgotten', async () => {
  service = await RunningService.start({ clock: begin });
  const scheduleId = await make({
    cron: '* * * * *',
    input: slow,
  });
  const again = async (now: string): Promise<void> => {
    service.kill('SIGKILL');
    await service.exit();
    const { stateDirectory, port } = service;
    service = await RunningService.start({ stateDirectory, port, clock: `2026-11-13T${now}Z` });
  };
  service.setClock('2026-11-13T07:58:00Z');
  // Killed at the tick: whether it had been delivered or not, it comes.
  await again('07:58:20');
  await jobOf(scheduleId, '07:58');
  service.setClock('2026-11-13T07:59:00Z');
  await eventually(
    async () =>
      (await service.request('GET', `/jobs/${tick(scheduleId, '07:59')}`)).status === 200 || undefined,
    'the job of 07:59',
  );
  // Killed with its job at work, and off for two minutes.
  await again('08:01:30');
  service.setClock('2026-11-13T08:02:00Z');
  for (const minute of ['07:59', '08:00', '08:01', '08:02']) {
    expect(await jobOf(scheduleId, minute)).toMatchObject({
      status: 'SUCCEEDED',
      attempts: [{ attempt: 0 }],
    });
  }
  await settledExecutions();
  expect(await service.stats()).toEqual(once(5));
});
