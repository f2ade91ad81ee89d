import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DescribeExecutionCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { Stats } from '../../jobs/answers/stats.ts';
import type { JobView } from '../../jobs/answers/job.ts';
import { kubectl } from '../cluster/kubectl.ts';
import { eventually } from '../local/running-service.ts';
import { clusterName, Emulator } from './emulator.ts';
import { Issuer } from './issuer.ts';
import { Stack } from './stack.ts';

// The real `sls deploy` into an emulated AWS that has a real Kubernetes behind its EKS, and the service as its users then
// find it. The tests are steps of one stack's life and run in order. Creating a cluster is not among them: no emulator
// does that; packaging and the linters are what shows it.

/** How long a deploy, a pod's start or three tries with their pauses may take, in milliseconds. */
const patience = 300_000;
const audience = 'eks-jobs-tests';
const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-deploy-'));
let emulator: Emulator;
let issuer: Issuer;
let stack: Stack;
let stepFunctions: SFNClient;
/** Where the deployed API answers, under the emulator's address of it. */
let api = '';
let deployed = '';

beforeAll(async () => {
  emulator = await Emulator.start(directory);
  issuer = await Issuer.start();
  stack = new Stack(emulator, directory, 'test', {
    ...{ auth: 'jwt', jwtIssuer: issuer.url, jwtAudience: audience },
  });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  stepFunctions = new SFNClient({ endpoint: emulator.url, region: 'us-east-1', credentials });
  const { code, text } = await stack.sls('deploy');
  if (code !== 0) throw new Error(`${text}\n${emulator.log.slice(-10_000)}`);
  deployed = text;
  const id = /https:\/\/(\w+)\.execute-api\./.exec(text)?.[1] ?? '';
  api = `${emulator.url}/_aws/execute-api/${id}`;
}, 600_000);

afterAll(async () => {
  stepFunctions.destroy();
  await issuer.stop();
  await emulator.stop();
  rmSync(directory, { recursive: true, force: true });
});

const call = (method: string, path: string, token?: string, body?: object): Promise<Response> =>
  fetch(`${api}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });

const good = (): string => issuer.token({ aud: audience });

async function ask<Body>(method: string, path: string, body?: object): Promise<Body> {
  const response = await call(method, path, good(), body);
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${method} ${path}: ${response.status} ${text}\n${emulator.log.slice(-5000)}`);
  return JSON.parse(text) as Body;
}

const post = async (job: object): Promise<string> =>
  (await ask<{ jobId: string }>('POST', '/jobs', job)).jobId;
const view = (jobId: string): Promise<JobView> => ask<JobView>('GET', `/jobs/${jobId}`);
const synthetic = (input: object): object => ({ input: { source: 'synthetic', ...input } });
const ended = (jobId: string): Promise<JobView> =>
  eventually(
    async () => {
      const job = await view(jobId);
      return ['SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT'].includes(job.status) ? job : undefined;
    },
    `the end of job ${jobId}`,
    patience,
  );
const running = (jobId: string): Promise<JobView> =>
  eventually(
    async () => {
      const job = await view(jobId);
      return job.status === 'RUNNING' && (job.progress?.done ?? 0) > 0 ? job : undefined;
    },
    `job ${jobId} at work`,
    patience,
  );
const objectsOf = (kind: string, jobId: string): Promise<string> =>
  kubectl(
    'get',
    kind,
    '--namespace',
    stack.name,
    '--selector',
    `eks-jobs/job-id=${jobId}`,
    '--output',
    'name',
  );
/** Whatever a job left in the cluster goes, though its pod needs a moment. */
const gone = (jobId: string): Promise<true> =>
  eventually(async () => (await objectsOf('jobs,pods', jobId)) === '' || undefined, 'nothing left', patience);

const Events = z.object({
  items: z.array(
    z.object({ reason: z.string(), involvedObject: z.object({ kind: z.string(), name: z.string() }) }),
  ),
});

/** What happened to a job's Jobs and pods, the pods' random ends cut off. */
const recorded = (events: string, jobId: string): string[] =>
  Events.parse(JSON.parse(events))
    .items.filter(({ involvedObject: { name } }) => name.startsWith(jobId))
    .map(
      ({ reason, involvedObject: { kind, name } }) =>
        `${kind}/${kind === 'Pod' ? name.replace(/-\w+$/, '') : name} ${reason}`,
    );

const executionOf = (jobId: string): string =>
  `arn:aws:states:us-east-1:000000000000:execution:${stack.name}-run-job:${jobId}`;
const stop = (jobId: string): Promise<unknown> =>
  stepFunctions.send(new StopExecutionCommand({ executionArn: executionOf(jobId) }));
const slow = synthetic({ records: 60_000, recordsPerSecond: 100 });

/** Where a part of the stack would be seen. */
const listings = [
  [
    'cloudformation',
    'list-stacks',
    '--stack-status-filter',
    'CREATE_COMPLETE',
    'UPDATE_COMPLETE',
    'DELETE_FAILED',
  ],
  ['dynamodb', 'list-tables'],
  ['lambda', 'list-functions'],
  ['stepfunctions', 'list-state-machines'],
  ['apigatewayv2', 'get-apis'],
  ['sqs', 'list-queues'],
  ['events', 'list-rules'],
  ['iam', 'list-roles'],
  ['logs', 'describe-log-groups'],
  ['cloudwatch', 'describe-alarms'],
  ['cloudwatch', 'list-dashboards'],
  ['s3api', 'list-buckets'],
  ['eks', 'list-access-entries', '--cluster-name', clusterName],
  ['eks', 'list-pod-identity-associations', '--cluster-name', clusterName],
];

/** The listings that name the stack. */
async function holding(): Promise<string[]> {
  const found: string[] = [];
  for (const words of listings) {
    const answer = JSON.stringify(await emulator.aws(...words));
    // The framework names the API in the other order.
    if (answer.includes(stack.name) || answer.includes(`${stack.stage}-eks-jobs`))
      found.push(words.join(' '));
  }
  return found;
}

describe('a deployed stack', () => {
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
    ['a token for somebody else', () => issuer.token({ aud: 'another-service' })],
    ['a token that has expired', () => issuer.token({ aud: audience, exp: 1 })],
    ['a token that somebody else has signed', () => issuer.token({ aud: audience }, { forged: true })],
    ['no token at all but words', () => 'let me in'],
  ])('refuses %s', async (_, token) => {
    for (const [method, path] of [
      ['POST', '/jobs'],
      ['GET', '/jobs/stats'],
      ['GET', '/jobs/some-job'],
    ] as const) {
      expect({ path, status: (await call(method, path, token?.())).status }).toEqual({ path, status: 401 });
    }
  });

  test(
    'runs a job in a pod, and one that fails three times; the counters are the example of the original',
    async () => {
      expect(await ask<Stats>('GET', '/jobs/stats')).toMatchObject({
        succeedJob: 0,
        jobRetry: 0,
        failedJob: 0,
      });
      const [succeeding, failing] = [
        await post(synthetic({ records: 10 })),
        await post(synthetic({ records: 0, failAttempts: 9 })),
      ];
      const succeeded = await ended(succeeding);
      expect(succeeded).toMatchObject({ status: 'SUCCEEDED', result: { records: 10 } });
      // By a real pod, of which the cluster's own record is left: Settle removes the Jobs.
      await gone(succeeding);
      const events = await kubectl('get', 'events', '--namespace', stack.name, '--output', 'json');
      expect(recorded(events, succeeding)).toEqual(
        expect.arrayContaining([`Job/${succeeding}-0-0 Completed`, `Pod/${succeeding}-0-0 Started`]),
      );

      const failed = await ended(failing);
      expect(failed.status).toBe('FAILED');
      expect(failed.attempts.map(({ attempt, status }) => ({ attempt, status }))).toEqual(
        [0, 1, 2].map((attempt) => ({ attempt, status: 'FAILED' })),
      );
      expect(await ask<Stats>('GET', '/jobs/stats')).toEqual({
        ...{ succeedJob: 1, jobRetry: 2, failedJob: 3 },
        jobs: { succeeded: 1, failed: 1, cancelled: 0, timedOut: 0 },
      });
    },
    patience,
  );

  test(
    'settles a job whose execution was stopped, by the event',
    async () => {
      const jobId = await post(slow);
      await running(jobId);
      await stop(jobId);
      expect(await ended(jobId)).toMatchObject({ status: 'CANCELLED' });
      await gone(jobId);
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
      const jobId = await post(slow);
      await eventually(
        async () => (await objectsOf('pods', jobId)) !== '' || undefined,
        'a pod that waits',
        patience,
      );
      await stop(jobId);
      const executionArn = executionOf(jobId);
      expect(await stepFunctions.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
        status: 'ABORTED',
      });
      expect(await view(jobId)).toMatchObject({ status: 'QUEUED' });
      // What its schedule does every five minutes.
      const answer = join(directory, 'sweep.json');
      expect(
        await emulator.aws('lambda', 'invoke', '--function-name', `${stack.name}-sweep`, answer),
      ).not.toHaveProperty('FunctionError');
      expect(await ended(jobId)).toMatchObject({ status: 'CANCELLED' });
      await gone(jobId);
      await kubectl('uncordon', 'node1');
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
    expect(emulator.refusals).toEqual([]);
  });

  test(
    'leaves nothing when it is removed',
    async () => {
      // Each listing shows what it should, as long as it is there.
      expect(await holding()).toEqual(listings.map((words) => words.join(' ')));
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
      expect(await holding()).toEqual([]);
    },
    patience,
  );
});
