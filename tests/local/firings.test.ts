import { afterEach, describe, expect, test } from '@jest/globals';
import { ListExecutionsCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import type { JobView } from '../../api/responses/job.ts';
import type { ScheduleView } from '../../api/responses/schedule.ts';
import { eventually, RunningService } from '../harness/running-service.ts';

/** Schedules use a clock that the tests set; jobs, table and Step Functions are real and use real time. */
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

async function create(request: object): Promise<string> {
  const answer = await service.request<ScheduleView>('POST', '/jobs/schedule', {
    body: JSON.stringify(request),
  });
  expect(answer.status).toBe(201);
  return answer.body.scheduleId;
}

const firingJobId = (scheduleId: string, minute: string): string =>
  `${scheduleId}-2026-11-13-${minute.replace(':', '')}`;

/** Waits for the end of a firing's job. */
async function jobOf(scheduleId: string, minute: string): Promise<JobView> {
  const jobId = firingJobId(scheduleId, minute);
  await eventually(
    async () => (await service.request('GET', `/jobs/${jobId}`)).status === 200 || undefined,
    `the job of ${minute}`,
  );
  return service.ended(jobId);
}

/** Waits until all executions have ended. @returns their number. */
async function countEndedExecutions(): Promise<number> {
  const client = new SFNClient({ endpoint: service.stepFunctionsUrl, ...options });
  const executions = await eventually(async () => {
    const { executions: all = [] } = await client.send(new ListExecutionsCommand({ stateMachineArn }));
    return all.every(({ status }) => status !== 'RUNNING') ? all : undefined;
  }, 'the end of all executions');
  client.destroy();
  expect(executions.map(({ status }) => status)).toEqual(executions.map(() => 'SUCCEEDED'));
  return executions.length;
}

const statsOf = (jobs: number): object => ({
  succeedJob: jobs,
  jobRetry: 0,
  failedJob: 0,
  jobs: { succeeded: jobs, failed: 0, cancelled: 0, timedOut: 0 },
});

test('* * * * *: one job per minute, with its schedule, its minute, its options and its exact input', async () => {
  service = await RunningService.start({ clock: begin });
  const jobOptions = { timeoutSeconds: 60, maxAttempts: 2, labels: { team: 'a' }, resources: { cpu: '1' } };
  const scheduleId = await create({ cron: '* * * * *', input: trap, ...jobOptions });
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
  expect(await countEndedExecutions()).toBe(5);
  expect(await service.stats()).toEqual(statsOf(5));
});

describe('a firing is one job', () => {
  test('even if it is delivered several times: before, at the same time and later', async () => {
    service = await RunningService.start({ clock: begin });
    const scheduleId = await create({ cron: '* * * * *', input: trap });
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
    expect(await countEndedExecutions()).toBe(12);
    expect(await service.stats()).toEqual(statsOf(3));
    scheduler.destroy();
    stepFunctions.destroy();
  });

  test('even if both day fields of the cron expression fire on the same day', async () => {
    service = await RunningService.start({ clock: begin });
    const scheduleId = await create({ cron: '58 7 13 * FRI', input: trap });
    service.setClock('2026-11-13T07:58:00Z');
    await jobOf(scheduleId, '07:58');
    await eventually(
      async () => ((await countEndedExecutions()) === 2 ? true : undefined),
      'both executions',
    );
    expect(await service.stats()).toEqual(statsOf(1));
  });
});

test('restarted between firings and during them: one job per minute, without a gap', async () => {
  service = await RunningService.start({ clock: begin });
  const scheduleId = await create({
    cron: '* * * * *',
    input: slow,
  });
  const restart = async (now: string): Promise<void> => {
    service.kill('SIGKILL');
    await service.exit();
    const { stateDirectory, port } = service;
    service = await RunningService.start({ stateDirectory, port, clock: `2026-11-13T${now}Z` });
  };
  service.setClock('2026-11-13T07:58:00Z');
  // Killed at the firing: it is delivered, even if it was not delivered before.
  await restart('07:58:20');
  await jobOf(scheduleId, '07:58');
  service.setClock('2026-11-13T07:59:00Z');
  await eventually(
    async () =>
      (await service.request('GET', `/jobs/${firingJobId(scheduleId, '07:59')}`)).status === 200 || undefined,
    'the job of 07:59',
  );
  // Killed while its job runs, and restarted two minutes later.
  await restart('08:01:30');
  service.setClock('2026-11-13T08:02:00Z');
  for (const minute of ['07:59', '08:00', '08:01', '08:02']) {
    expect(await jobOf(scheduleId, minute)).toMatchObject({
      status: 'SUCCEEDED',
      attempts: [{ attempt: 0 }],
    });
  }
  await countEndedExecutions();
  expect(await service.stats()).toEqual(statsOf(5));
});
