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
import { Client, patience } from './client.ts';
import { Emulator } from './emulator.ts';
import { Executions } from './executions.ts';
import { JobObjects } from './job-objects.ts';
import { listings, listingsThatName } from './listings.ts';
import { Stack } from './stack.ts';

// The real `sls deploy` into an emulated AWS that has a real Kubernetes behind its EKS, and the service as its users then
// find it. The tests are steps of one stack's life and run in order. Creating a cluster is not among them: no emulator
// does that; packaging and the linters are what shows it.

const audience = 'eks-jobs-tests';
const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-deploy-'));
let emulator: Emulator;
let issuer: Issuer;
let stack: Stack;
let executions: Executions;
let objects: JobObjects;
/** Speaks to the deployed API under the emulator's address of it. */
let api: Client;
let deployed = '';

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
  deployed = text;
  const id = /https:\/\/(\w+)\.execute-api\./.exec(text)?.[1] ?? '';
  api = new Client(`${emulator.url}/_aws/execute-api/${id}`, token, () => emulator.log.slice(-5000));
}, 600_000);

afterAll(async () => {
  executions.destroy();
  await issuer.stop();
  await emulator.stop();
  rmSync(directory, { recursive: true, force: true });
});

const claims = { sub: 'somebody', scope: 'jobs:read jobs:write', aud: audience };
const token = (): string => issuer.token(claims);
const synthetic = (input: object): object => ({ input: { source: 'synthetic', ...input } });
const Finding = z.object({ check: z.string(), outcome: z.string() });
const Posted = z.object({ jobId: z.string() });
const slow = synthetic({ records: 60_000, recordsPerSecond: 100 });

/** What EventBridge Scheduler has of a schedule. */
async function schedulesAt(scheduleId: string): Promise<object[]> {
  const { Schedules } = await emulator.aws<{ Schedules: Record<'Name' | 'GroupName' | 'State', string>[] }>(
    ...['scheduler', 'list-schedules', '--group-name', stack.name, '--name-prefix', scheduleId],
  );
  return Schedules.map(({ Name, GroupName, State }) => ({ Name, GroupName, State }));
}

describe('a deployed stack', () => {
  /** Jobs that have ended so. */
  let [succeeding, failing] = ['', ''];
  /** A schedule of every minute, and what was counted before it was there. */
  let everyMinute: { scheduleId: string; before: Stats };

  test('is told of at the end, with the commands for a first job', () => {
    expect(deployed).toContain(`Service deployed to stack ${stack.name}`);
    expect(deployed).toMatch(/^api: https:\/\/\w+\.execute-api\.us-east-1\.amazonaws\.com$/m);
    expect(deployed).toContain('--header "authorization: Bearer $TOKEN"');
  });

  test('has the cluster set up, which lets in its roles and nobody else', async () => {
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
    ['a token for somebody else', () => issuer.token({ ...claims, aud: 'another-service' })],
    ['a token that has expired', () => issuer.token({ ...claims, exp: 1 })],
    ['a token that somebody else has signed', () => issuer.token(claims, { forged: true })],
    ['no token at all but words', () => 'let me in'],
  ])('refuses %s', async (_, offered) => {
    for (const [method, path] of [
      ['POST', '/jobs'],
      ['GET', '/jobs/stats'],
      ['GET', '/jobs/some-job'],
    ] as const) {
      const { status } = await api.call(method, path, offered && { token: offered() });
      expect({ path, status }).toEqual({ path, status: 401 });
    }
  });

  test(
    'runs a job in a pod, and one that fails three times; the counters are the example of the original',
    async () => {
      expect(await api.ask<Stats>('GET', '/jobs/stats')).toMatchObject({
        succeedJob: 0,
        jobRetry: 0,
        failedJob: 0,
      });
      succeeding = await api.post(synthetic({ records: 10 }));
      failing = await api.post(synthetic({ records: 0, failAttempts: 9 }));
      const succeeded = await api.ended(succeeding);
      expect(succeeded).toMatchObject({ status: 'SUCCEEDED', result: { records: 10 } });
      // By a real pod, of which the cluster's own record is left: Settle removes the Jobs.
      await objects.gone(succeeding);
      expect(await objects.events(succeeding)).toEqual(
        expect.arrayContaining([`Job/${succeeding}-0-0 Completed`, `Pod/${succeeding}-0-0 Started`]),
      );

      const failed = await api.ended(failing);
      expect(failed.status).toBe('FAILED');
      expect(failed.attempts.map(({ attempt, status }) => ({ attempt, status }))).toEqual(
        [0, 1, 2].map((attempt) => ({ attempt, status: 'FAILED' })),
      );
      expect(await api.ask<Stats>('GET', '/jobs/stats')).toEqual({
        ...{ succeedJob: 1, jobRetry: 2, failedJob: 3 },
        jobs: { succeeded: 1, failed: 1, cancelled: 0, timedOut: 0 },
      });
    },
    patience,
  );

  test(
    'answers on every other route of a job',
    async () => {
      const { jobs } = await api.ask<JobList>('GET', '/jobs?status=FAILED');
      expect(jobs).toMatchObject([{ jobId: failing }]);
      // The container's verdict is there before its execution has ended.
      const history = await eventually(
        async () => {
          const answer = await api.ask<{ events: HistoryEntry[] }>('GET', `/jobs/${failing}/history`);
          return answer.events.at(-1)?.type === 'ExecutionFailed' ? answer.events : undefined;
        },
        'the end of the history',
        patience,
      );
      const tries = history.filter(({ state, type }) => state === 'RunJob' && type === 'TaskFailed');
      expect(tries).toHaveLength(3);
      const { attempts } = await api.ask<JobLogs>('GET', `/jobs/${failing}/logs`);
      expect(attempts.map(({ lines }) => lines.length > 0)).toEqual([true, true, true]);
      const retry = () => api.ask('POST', `/jobs/${succeeding}/retry`, undefined, 'again');
      const { jobId } = Posted.parse(await retry());
      expect(await api.ended(jobId)).toMatchObject({ status: 'SUCCEEDED', retryOf: succeeding });
      expect(await retry()).toEqual({ jobId, status: 'SUCCEEDED', retryOf: succeeding });
      const cancelled = await api.post(slow);
      await api.running(cancelled);
      await api.ask('DELETE', `/jobs/${cancelled}`);
      expect(await api.view(cancelled)).toMatchObject({ status: 'CANCELLED' });
      await objects.gone(cancelled);
    },
    patience,
  );

  test(
    'keeps schedules, which change, pause and run on demand',
    async () => {
      const { scheduleId } = await api.ask<ScheduleView>('POST', '/jobs/schedule', {
        cron: '0 7 * * MON',
        timezone: 'Europe/Berlin',
        ...synthetic({ records: 1 }),
      });
      const path = `/jobs/schedules/${scheduleId}`;
      await api.ask('PATCH', path, { cron: '0 7 1 * MON', enabled: false });
      expect(await api.ask('GET', path)).toMatchObject({ state: 'PAUSED', cron: '0 7 1 * MON' });
      expect(await schedulesAt(scheduleId)).toEqual([
        { Name: `${scheduleId}-1`, GroupName: stack.name, State: 'DISABLED' },
        { Name: `${scheduleId}-2`, GroupName: stack.name, State: 'DISABLED' },
      ]);
      const run = () => api.ask('POST', `${path}/run`, undefined, 'once');
      const { jobId } = Posted.parse(await run());
      expect(await api.ended(jobId)).toMatchObject({ status: 'SUCCEEDED', origin: 'schedule', scheduleId });
      expect(await run()).toEqual({ jobId, status: 'SUCCEEDED', scheduleId });
      // Its ticks come while the next tests go on.
      const before = await api.ask<Stats>('GET', '/jobs/stats');
      const made = { cron: '* * * * *', ...synthetic({ records: 1 }) };
      everyMinute = { ...(await api.ask<ScheduleView>('POST', '/jobs/schedule', made)), before };
      const { schedules } = await api.ask<{ schedules: ScheduleView[] }>('GET', '/jobs/schedules');
      expect(schedules.map((listed) => listed.scheduleId)).toEqual([everyMinute.scheduleId, scheduleId]);
    },
    patience,
  );

  test(
    'settles a job whose execution was stopped, by the event',
    async () => {
      const jobId = await api.post(slow);
      await api.running(jobId);
      await executions.stop(jobId);
      expect(await api.ended(jobId)).toMatchObject({ status: 'CANCELLED' });
      await objects.gone(jobId);
    },
    patience,
  );

  test(
    'settles a job whose event was lost, by sweep',
    async () => {
      const { Rules } = await emulator.aws<{ Rules: { Name: string; EventPattern?: string }[] }>(
        'events',
        'list-rules',
      );
      const rule = Rules.find(({ EventPattern }) => EventPattern?.includes('aws.states'))?.Name ?? '';
      await emulator.aws('events', 'disable-rule', '--name', rule);
      // It waits for a node: a container that still gives signs of life is left to end by itself.
      await kubectl('cordon', 'node1');
      const jobId = await api.post(slow);
      await eventually(
        async () => (await objects.names('pods', jobId)) !== '' || undefined,
        'a pod that waits',
        patience,
      );
      expect(await executions.stop(jobId)).toBe('ABORTED');
      expect(await api.view(jobId)).toMatchObject({ status: 'QUEUED' });
      // What its schedule does every five minutes.
      const answer = join(directory, 'sweep.json');
      expect(
        await emulator.aws('lambda', 'invoke', '--function-name', `${stack.name}-sweep`, answer),
      ).not.toHaveProperty('FunctionError');
      expect(await api.ended(jobId)).toMatchObject({ status: 'CANCELLED' });
      await objects.gone(jobId);
      await kubectl('uncordon', 'node1');
    },
    patience,
  );

  test(
    'runs one job for each tick of a schedule, though each is delivered twice',
    async () => {
      const { scheduleId, before } = everyMinute;
      const ticked = async () =>
        (await api.ask<JobList>('GET', '/jobs?limit=100')).jobs.filter(({ jobId }) =>
          jobId.startsWith(scheduleId),
        );
      await eventually(async () => (await ticked())[0], 'a tick', patience);
      await api.ask('DELETE', `/jobs/schedules/${scheduleId}`);
      expect(await schedulesAt(scheduleId)).toEqual([]);
      expect((await api.call('GET', `/jobs/schedules/${scheduleId}`, { token: token() })).status).toBe(404);
      // Once all have come: the last one's repetition may be on its way.
      const ended = await eventually(
        async () => {
          const found = await executions.ofTicks(scheduleId);
          return [...(found?.values() ?? [[]])].every(({ length }) => length === 2) ? found : undefined;
        },
        'the end of each tick’s two executions',
        patience,
      );
      const jobs = await ticked();
      expect(jobs.map(({ jobId }) => jobId).sort()).toEqual([...ended.keys()].sort());
      // The execution of a repetition ends well too, and is no job.
      expect(new Set([...ended.values()].flat())).toEqual(new Set(['SUCCEEDED']));
      for (const { jobId } of jobs) {
        const scheduledAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00.000Z$/) as unknown;
        expect(await api.view(jobId)).toMatchObject({
          ...{ status: 'SUCCEEDED', origin: 'schedule', owner: 'somebody', scheduleId, scheduledAt },
          result: { records: 1 },
          attempts: [{ attempt: 0, status: 'SUCCEEDED' }],
        });
      }
      const after = await api.ask<Stats>('GET', '/jobs/stats');
      expect([after.succeedJob - before.succeedJob, after.jobs.succeeded - before.jobs.succeeded]).toEqual([
        jobs.length,
        jobs.length,
      ]);
    },
    patience,
  );

  test(
    'is well, as far as doctor can see: all but the agent of Pod Identity, which this cluster has none of',
    async () => {
      const line = [bin, '--api', api.url, '--output', 'json', 'doctor', '--stack', stack.name];
      const more = { ...emulator.environment, EKS_JOBS_TOKEN: token() };
      const { code, out } = await runInPipes(line, { more });
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
    patience,
  );

  test(
    'changes nothing when it is deployed again',
    async () => {
      const said = await stack.sls('deploy');
      expect(said).toMatchObject({
        code: 0,
        text: expect.stringContaining('No changes to deploy') as unknown,
      });
    },
    patience,
  );

  test('was entered with tokens that the cluster took, every one', () => {
    expect(emulator.rejections).toEqual([]);
  });

  test(
    'leaves nothing when it is removed',
    async () => {
      // Each listing shows what it should, as long as it is there.
      expect(await listingsThatName(stack, emulator)).toEqual(listings.map((words) => words.join(' ')));
      const said = await stack.sls('remove');
      expect(said).toMatchObject({ code: 0 });
      expect(emulator.accessEntries).toEqual([]);
      await eventually(
        async () =>
          (await kubectl('get', 'namespace', stack.name, '--ignore-not-found', '--output', 'name')) === '' ||
          undefined,
        'no namespace',
        patience,
      );
      expect(await listingsThatName(stack, emulator)).toEqual([]);
    },
    patience,
  );
});
