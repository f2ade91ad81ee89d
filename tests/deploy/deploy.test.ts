import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { HistoryEntry, JobList, JobLogs } from '../../api/responses/job.ts';
import type { ScheduleView } from '../../api/responses/schedule.ts';
import type { Stats } from '../../api/responses/service.ts';
import { serverCertificate } from '../harness/cluster/identities.ts';
import { kubectl } from '../harness/cluster/kubectl.ts';
import { Issuer } from '../harness/issuer.ts';
import { bin, runInPipes } from '../local/command/bin.ts';
import { eventually } from '../harness/running-service.ts';
import { ApiClient, stepTimeout } from './client.ts';
import { Emulator } from './emulator.ts';
import { Executions } from './executions.ts';
import { JobObjects } from './job-objects.ts';
import { listings, listingsThatName } from './listings.ts';
import { Stack } from './stack.ts';

// Runs the real `sls deploy` against an emulated AWS that has a real Kubernetes as its EKS, and then uses the service. The
// tests are steps in the life of one stack and run in order. They do not create a cluster, because emulators cannot do
// that; tests/package and the linters check that part of the template.

const audience = 'eks-jobs-tests';
const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-deploy-'));
let emulator: Emulator;
let issuer: Issuer;
let stack: Stack;
let executions: Executions;
let objects: JobObjects;
/** Calls the deployed API at its address in the emulator. */
let api: ApiClient;
let deployOutput = '';

beforeAll(async () => {
  emulator = await Emulator.start(directory);
  issuer = await Issuer.start(serverCertificate());
  stack = new Stack(emulator, directory, 'test', {
    ...{ auth: 'jwt', jwtIssuer: issuer.url, jwtAudience: audience },
  });
  executions = new Executions(emulator.url, stack.name);
  objects = new JobObjects(stack.name);
  const { code, text } = await stack.sls('deploy');
  if (code !== 0) throw new Error(`${text}\n${emulator.log.slice(-10_000)}`);
  deployOutput = text;
  openApi(text);
}, 600_000);

afterAll(async () => {
  executions.destroy();
  await issuer.stop();
  await emulator.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Calls the API whose address a deploy printed. */
function openApi(output: string): void {
  const id = /https:\/\/(\w+)\.execute-api\./.exec(output)?.[1] ?? '';
  api = new ApiClient(`${emulator.url}/_aws/execute-api/${id}`, token, () => emulator.log.slice(-5000));
}

const claims = { sub: 'caller', scope: 'jobs:read jobs:write', aud: audience };
const token = (): string => issuer.token(claims);
const synthetic = (input: object): object => ({ input: { source: 'synthetic', ...input } });
const Finding = z.object({ check: z.string(), outcome: z.string() });
const CreatedJob = z.object({ jobId: z.string() });
const slow = synthetic({ records: 60_000, recordsPerSecond: 100 });

/** Lists the schedules in EventBridge Scheduler that belong to one of ours. */
async function listSchedules(scheduleId: string): Promise<object[]> {
  const { Schedules } = await emulator.aws<{ Schedules: Record<'Name' | 'GroupName' | 'State', string>[] }>(
    ...['scheduler', 'list-schedules', '--group-name', stack.name, '--name-prefix', scheduleId],
  );
  return Schedules.map(({ Name, GroupName, State }) => ({ Name, GroupName, State }));
}

/** Reads the physical id of a resource of the stack. */
async function physicalId(logicalId: string): Promise<string> {
  const { StackResourceDetail } = await emulator.aws<{ StackResourceDetail: { PhysicalResourceId: string } }>(
    ...['cloudformation', 'describe-stack-resource', '--stack-name', stack.name],
    ...['--logical-resource-id', logicalId],
  );
  return StackResourceDetail.PhysicalResourceId;
}

/** Reads all that a function of the stack has logged. */
async function functionLog(name: string): Promise<string> {
  const group = `/aws/lambda/${stack.name}-${name}`;
  const { events } = await emulator.aws<{ events: { message: string }[] }>(
    ...['logs', 'filter-log-events', '--log-group-name', group],
  );
  return events.map(({ message }) => message).join('\n');
}

describe('a deployed stack', () => {
  /** The ids of a job that succeeded and of one that failed. */
  let [succeeding, failing] = ['', ''];
  /** A job that runs until the stack is removed. */
  let running = '';
  /** A schedule that fires every minute, and the counters before it was created. */
  let everyMinute: { scheduleId: string; before: Stats };

  test('is described at the end of the deploy, with the commands for a first job', () => {
    expect(deployOutput).toContain(`Service deployed to stack ${stack.name}`);
    expect(deployOutput).toMatch(/^api: https:\/\/\w+\.execute-api\.us-east-1\.amazonaws\.com$/m);
    expect(deployOutput).toContain('--header "authorization: Bearer $TOKEN"');
  });

  test('has set up the cluster, which authorizes only the stack’s roles', async () => {
    expect(await kubectl('get', 'namespace', stack.name, '--output', 'name')).toBe(
      `namespace/${stack.name}\n`,
    );
    const entries = emulator.accessEntries.map(({ principalArn, kubernetesGroups, accessPolicies }) => ({
      role: /role\/\S+-(\w+Role)-/.exec(principalArn)?.[1],
      groups: kubernetesGroups,
      policies: accessPolicies?.map((policy) => policy.split('/').at(-1)),
    }));
    expect(entries).toHaveLength(4);
    expect(entries).toEqual(
      expect.arrayContaining([
        { role: 'ClusterSetupRole', groups: [], policies: ['AmazonEKSClusterAdminPolicy'] },
        { role: 'RunJobRole', groups: [`${stack.name}:run-job`], policies: [] },
        { role: 'SettleJobRole', groups: [`${stack.name}:settle-job`], policies: [] },
        { role: 'SweepRole', groups: [`${stack.name}:settle-job`, `${stack.name}:sweep`], policies: [] },
      ]),
    );
  });

  test.each([
    ['no token', undefined],
    ['a token for another service', () => issuer.token({ ...claims, aud: 'another-service' })],
    ['a token that has expired', () => issuer.token({ ...claims, exp: 1 })],
    ['a token with an invalid signature', () => issuer.token(claims, { forged: true })],
    ['a text that is not a token', () => 'let me in'],
  ])('rejects %s', async (_, makeToken) => {
    for (const [method, path] of [
      ['POST', '/jobs'],
      ['GET', '/jobs/stats'],
      ['GET', '/jobs/some-job'],
    ] as const) {
      const { status } = await api.send(method, path, makeToken && { token: makeToken() });
      expect({ path, status }).toEqual({ path, status: 401 });
    }
  });

  test(
    'runs a job in a pod, and one that fails three times; the counters equal the example of the original',
    async () => {
      expect(await api.request<Stats>('GET', '/jobs/stats')).toMatchObject({
        succeedJob: 0,
        jobRetry: 0,
        failedJob: 0,
      });
      succeeding = await api.post(synthetic({ records: 10 }));
      failing = await api.post(synthetic({ records: 0, failAttempts: 9 }));
      const succeeded = await api.ended(succeeding);
      expect(succeeded).toMatchObject({ status: 'SUCCEEDED', result: { records: 10 } });
      // Settle deletes the Jobs, but the cluster's events show that a real pod ran.
      await objects.gone(succeeding);
      expect(await objects.events(succeeding)).toEqual(
        expect.arrayContaining([`Job/${succeeding}-0-0 Completed`, `Pod/${succeeding}-0-0 Started`]),
      );

      const failed = await api.ended(failing);
      expect(failed.status).toBe('FAILED');
      expect(failed.attempts.map(({ attempt, status }) => ({ attempt, status }))).toEqual(
        [0, 1, 2].map((attempt) => ({ attempt, status: 'FAILED' })),
      );
      expect(await api.request<Stats>('GET', '/jobs/stats')).toEqual({
        ...{ succeedJob: 1, jobRetry: 2, failedJob: 3 },
        jobs: { succeeded: 1, failed: 1, cancelled: 0, timedOut: 0 },
      });
    },
    stepTimeout,
  );

  test(
    'serves the other routes of jobs',
    async () => {
      const { jobs } = await api.request<JobList>('GET', '/jobs?status=FAILED');
      expect(jobs).toMatchObject([{ jobId: failing }]);
      // The container writes its verdict before the execution ends.
      const history = await eventually(
        async () => {
          const response = await api.request<{ events: HistoryEntry[] }>('GET', `/jobs/${failing}/history`);
          return response.events.at(-1)?.type === 'ExecutionFailed' ? response.events : undefined;
        },
        'the end of the history',
        stepTimeout,
      );
      const tries = history.filter(({ state, type }) => state === 'RunJob' && type === 'TaskFailed');
      expect(tries).toHaveLength(3);
      const { attempts } = await api.request<JobLogs>('GET', `/jobs/${failing}/logs`);
      expect(attempts.map(({ lines }) => lines.length > 0)).toEqual([true, true, true]);
      const retry = () => api.request('POST', `/jobs/${succeeding}/retry`, undefined, 'again');
      const { jobId } = CreatedJob.parse(await retry());
      expect(await api.ended(jobId)).toMatchObject({ status: 'SUCCEEDED', retryOf: succeeding });
      expect(await retry()).toEqual({ jobId, status: 'SUCCEEDED', retryOf: succeeding });
      const cancelled = await api.post(slow);
      await api.running(cancelled);
      await api.request('DELETE', `/jobs/${cancelled}`);
      expect(await api.view(cancelled)).toMatchObject({ status: 'CANCELLED' });
      await objects.gone(cancelled);
    },
    stepTimeout,
  );

  test(
    'creates, changes, pauses and runs schedules',
    async () => {
      const { scheduleId } = await api.request<ScheduleView>('POST', '/jobs/schedule', {
        cron: '0 7 * * MON',
        timezone: 'Europe/Berlin',
        ...synthetic({ records: 1 }),
      });
      const path = `/jobs/schedules/${scheduleId}`;
      await api.request('PATCH', path, { cron: '0 7 1 * MON', enabled: false });
      expect(await api.request('GET', path)).toMatchObject({ state: 'PAUSED', cron: '0 7 1 * MON' });
      expect(await listSchedules(scheduleId)).toEqual([
        { Name: `${scheduleId}-1`, GroupName: stack.name, State: 'DISABLED' },
        { Name: `${scheduleId}-2`, GroupName: stack.name, State: 'DISABLED' },
      ]);
      const run = () => api.request('POST', `${path}/run`, undefined, 'once');
      const { jobId } = CreatedJob.parse(await run());
      expect(await api.ended(jobId)).toMatchObject({ status: 'SUCCEEDED', origin: 'schedule', scheduleId });
      expect(await run()).toEqual({ jobId, status: 'SUCCEEDED', scheduleId });
      // It fires while the next tests run.
      const before = await api.request<Stats>('GET', '/jobs/stats');
      const request = { cron: '* * * * *', ...synthetic({ records: 1 }) };
      everyMinute = { ...(await api.request<ScheduleView>('POST', '/jobs/schedule', request)), before };
      const { schedules } = await api.request<{ schedules: ScheduleView[] }>('GET', '/jobs/schedules');
      expect(schedules.map((listed) => listed.scheduleId)).toEqual([everyMinute.scheduleId, scheduleId]);
    },
    stepTimeout,
  );

  test(
    'settles a job whose execution was stopped, because of the event',
    async () => {
      const jobId = await api.post(slow);
      await api.running(jobId);
      await executions.stop(jobId);
      expect(await api.ended(jobId)).toMatchObject({ status: 'CANCELLED' });
      await objects.gone(jobId);
    },
    stepTimeout,
  );

  test(
    'settles a job whose event was lost, with the sweep',
    async () => {
      const { Rules } = await emulator.aws<{ Rules: { Name: string; EventPattern?: string }[] }>(
        'events',
        'list-rules',
      );
      const rule = Rules.find(({ EventPattern }) => EventPattern?.includes('aws.states'))?.Name ?? '';
      await emulator.aws('events', 'disable-rule', '--name', rule);
      // The pod must not start: its container would see the end of the job, and record it.
      await kubectl('cordon', 'node1');
      const jobId = await api.post(slow);
      await eventually(
        async () => (await objects.names('pods', jobId)) !== '' || undefined,
        'a waiting pod',
        stepTimeout,
      );
      expect(await executions.stop(jobId)).toBe('ABORTED');
      expect(await api.view(jobId)).toMatchObject({ status: 'QUEUED' });
      // Its schedule invokes the sweep every five minutes.
      const output = join(directory, 'sweep.json');
      expect(
        await emulator.aws('lambda', 'invoke', '--function-name', `${stack.name}-sweep`, output),
      ).not.toHaveProperty('FunctionError');
      expect(await api.ended(jobId)).toMatchObject({ status: 'CANCELLED' });
      await objects.gone(jobId);
      await kubectl('uncordon', 'node1');
    },
    stepTimeout,
  );

  test(
    'runs one job for each firing of a schedule, although each firing is delivered twice',
    async () => {
      const { scheduleId, before } = everyMinute;
      const listFiredJobs = async () =>
        (await api.request<JobList>('GET', '/jobs?limit=100')).jobs.filter(({ jobId }) =>
          jobId.startsWith(scheduleId),
        );
      await eventually(async () => (await listFiredJobs())[0], 'a firing', stepTimeout);
      await api.request('DELETE', `/jobs/schedules/${scheduleId}`);
      expect(await listSchedules(scheduleId)).toEqual([]);
      expect((await api.send('GET', `/jobs/schedules/${scheduleId}`, { token: token() })).status).toBe(404);
      // Both executions of the last firing must have been delivered, too.
      const ended = await eventually(
        async () => {
          const statuses = await executions.ofFirings(scheduleId);
          return [...(statuses?.values() ?? [[]])].every(({ length }) => length === 2) ? statuses : undefined;
        },
        'the end of both executions of each firing',
        stepTimeout,
      );
      const jobs = await listFiredJobs();
      expect(jobs.map(({ jobId }) => jobId).sort()).toEqual([...ended.keys()].sort());
      // The execution of a duplicate delivery succeeds, too, but does not create a job.
      expect(new Set([...ended.values()].flat())).toEqual(new Set(['SUCCEEDED']));
      for (const { jobId } of jobs) {
        const scheduledAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00.000Z$/) as unknown;
        expect(await api.view(jobId)).toMatchObject({
          ...{ status: 'SUCCEEDED', origin: 'schedule', owner: 'caller', scheduleId, scheduledAt },
          result: { records: 1 },
          attempts: [{ attempt: 0, status: 'SUCCEEDED' }],
        });
      }
      const after = await api.request<Stats>('GET', '/jobs/stats');
      expect([after.succeedJob - before.succeedJob, after.jobs.succeeded - before.jobs.succeeded]).toEqual([
        jobs.length,
        jobs.length,
      ]);
    },
    stepTimeout,
  );

  test(
    'passes the checks of doctor, except for the agent of Pod Identity, which this cluster does not have',
    async () => {
      const line = [bin, '--api', api.url, '--output', 'json', 'doctor', '--stack', stack.name];
      const extraEnvironment = { ...emulator.environment, EKS_JOBS_TOKEN: token() };
      const { code, out } = await runInPipes(line, { more: extraEnvironment });
      const findings = out
        .trim()
        .split('\n')
        .map((finding) => Finding.parse(JSON.parse(finding)))
        .map(({ check, outcome }) => `${check} ${outcome}`);
      expect({ code, findings }).toEqual({
        code: 1,
        findings: [
          ...['stack ok', 'identity ok', 'api ok', 'access ok', 'cluster ok'],
          ...Array.from({ length: 3 }, () => 'access entry ok'),
          ...['pod identity ok', 'pod identity agent failed', 'node pool skipped', 'canary ok'],
        ],
      });
    },
    stepTimeout,
  );

  test(
    'does not change when it is deployed again',
    async () => {
      const output = await stack.sls('deploy');
      expect(output).toMatchObject({
        code: 0,
        text: expect.stringContaining('No changes to deploy') as unknown,
      });
    },
    stepTimeout,
  );

  test('used only tokens that the cluster accepted', () => {
    expect(emulator.rejections).toEqual([]);
  });

  test(
    'stops nothing when an update replaces RunningJobs, which stops the jobs of a removed stack',
    async () => {
      running = await api.post(slow);
      await api.running(running);
      // A custom resource with another physical id is replaced: CloudFormation deletes the old one after the update.
      const property = 'StateMachine: !Ref RunJobStateMachine';
      const before = await physicalId('RunningJobs');
      stack.edit('resources/removal.yml', property, "StateMachine: !Sub '${RunJobStateMachine}-renamed'");
      expect(await stack.sls('deploy')).toMatchObject({ code: 0 });
      expect(await physicalId('RunningJobs')).toBe(`${before}-renamed`);
      expect(await functionLog('stopJobs')).toContain('"requestType":"Delete"');
      const { progress } = await api.view(running);
      await eventually(
        async () => ((await api.view(running)).progress?.done ?? 0) > (progress?.done ?? 0) || undefined,
        'further progress of the job',
        stepTimeout,
      );
      expect(await executions.status(running)).toBe('RUNNING');
    },
    stepTimeout,
  );

  test(
    'does not leave anything when it is removed while one job runs and another waits',
    async () => {
      expect(await api.view(running)).toMatchObject({ status: 'RUNNING' });
      await kubectl('cordon', 'node1');
      const waiting = await api.post(slow);
      await eventually(
        async () => (await objects.names('pods', waiting)) !== '' || undefined,
        'a waiting pod',
        stepTimeout,
      );
      // While the stack exists, every listing names it. So an empty result below means that its resources are gone.
      expect(await listingsThatName(stack, emulator)).toEqual(
        listings.map((parameters) => parameters.join(' ')),
      );
      const output = await stack.sls('remove').finally(() => kubectl('uncordon', 'node1'));
      expect(output).toMatchObject({ code: 0 });
      expect(emulator.accessEntries).toEqual([]);
      await eventually(
        async () =>
          (await kubectl('get', 'namespace', stack.name, '--ignore-not-found', '--output', 'name')) === '' ||
          undefined,
        'the deletion of the namespace',
        stepTimeout,
      );
      expect(await listingsThatName(stack, emulator)).toEqual([]);
    },
    stepTimeout,
  );

  test(
    'can be deployed again after it was removed, and runs a job',
    async () => {
      const { code, text } = await stack.sls('deploy', '--param', 'tableDeletionPolicy=Retain');
      if (code !== 0) throw new Error(`${text}\n${emulator.log.slice(-10_000)}`);
      openApi(text);
      const jobId = await api.post(synthetic({ records: 10 }));
      expect(await api.ended(jobId)).toMatchObject({ status: 'SUCCEEDED', result: { records: 10 } });
    },
    stepTimeout,
  );

  test(
    'leaves only the table when the table is kept, and in it every job has ended',
    async () => {
      running = await api.post(slow);
      await api.running(running);
      expect(await stack.sls('remove', '--param', 'tableDeletionPolicy=Retain')).toMatchObject({ code: 0 });
      expect(await listingsThatName(stack, emulator)).toEqual(['dynamodb list-tables']);
      const { Items } = await emulator.aws<{ Items: Record<string, Record<string, string>>[] }>(
        ...['dynamodb', 'scan', '--table-name', stack.name],
      );
      const jobs = Items.filter(({ sk }) => sk?.['S'] === 'JOB');
      expect(new Map(jobs.map(({ jobId, status }) => [jobId?.['S'], status?.['S']])).get(running)).toBe(
        'CANCELLED',
      );
      expect(jobs.filter(({ open }) => open !== undefined)).toEqual([]);
    },
    stepTimeout,
  );
});
