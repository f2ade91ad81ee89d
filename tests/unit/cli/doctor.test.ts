import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '../../../cli/doctor/finding.ts';
import { eksJobs } from './command-line.ts';
import { DeployedStack } from './deployed-stack.ts';
import { FakeApi, type Received, type Scripted } from './fake-api.ts';
import { jobView } from './jobs.ts';

/** What is wrong with a setup is found, with what to do; what cannot be seen is not called wrong. */
const { jobId } = jobView();
const variables = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_ENDPOINT_URL',
  'AWS_REGION',
  'AWS_MAX_ATTEMPTS',
];
const before = new Map(variables.map((name) => [name, process.env[name]]));
let server: FakeApi;
let stack: DeployedStack;
let job: Scripted;

beforeAll(() => {
  Object.assign(process.env, {
    ...{ AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' },
    ...{ AWS_REGION: 'eu-central-1', AWS_MAX_ATTEMPTS: '1' },
  });
});

afterAll(() => {
  for (const [name, value] of before) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
});

beforeEach(async () => {
  server = await FakeApi.start();
  process.env['AWS_ENDPOINT_URL'] = server.url;
  stack = new DeployedStack(`${server.url}/api`);
  const [createdAt, startedAt, finishedAt] = [0, 75, 77].map((second) =>
    new Date(Date.parse('2026-11-23T10:00:00Z') + second * 1000).toISOString(),
  );
  job = { body: jobView({ createdAt, startedAt, finishedAt } as object) };
  server.route = (received) => stack.answer(received) ?? nodePool(received) ?? anApi(received);
});

afterEach(() => server.stop());

function anApi({ method, url }: Received): Scripted | undefined {
  if (method === 'POST') return { status: 202, body: { jobId, status: 'QUEUED' } };
  if (method === 'DELETE') return { status: 202, body: { jobId, status: 'CANCELLED' } };
  return url.includes('limit=') ? { body: { jobs: [] } } : job;
}

let pool: object | undefined;

function nodePool({ url }: Received): Scripted | undefined {
  if (url === '/apis/karpenter.sh/v1') {
    return { body: { resources: [{ name: 'nodepools', kind: 'NodePool', namespaced: false }] } };
  }
  if (!url.startsWith('/apis/karpenter.sh/v1/')) return undefined;
  const kind = { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: 'eks-jobs-dev' } };
  return pool
    ? { body: { ...kind, ...pool } }
    : { status: 404, body: { kind: 'Status', message: 'not found' } };
}

interface Examined {
  code: number;
  findings: Finding[];
  by: (check: string) => Finding | undefined;
}

async function doctor(...line: string[]): Promise<Examined> {
  const { code, out, err } = await eksJobs(['doctor', '--output', 'json', '--retries', '0', ...line]);
  expect(err).toBe('');
  const findings = out
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Finding);
  return { code, findings, by: (check) => findings.find((finding) => finding.check === check) };
}

const deployed = (...line: string[]) => doctor('--stack', 'eks-jobs-dev', ...line);
const wrong = ({ findings }: Examined): Finding[] => findings.filter(({ outcome }) => outcome === 'failed');

describe('a setup with which nothing is wrong', () => {
  test('deployed: each check tells what it saw', async () => {
    const examined = await deployed();
    expect(wrong(examined)).toEqual([]);
    expect(examined.code).toBe(0);
    expect(examined.findings.map(({ check, outcome, message }) => [check, outcome, message])).toEqual([
      ['stack', 'ok', 'eks-jobs-dev is UPDATE_COMPLETE'],
      ['identity', 'ok', 'arn:aws:iam::123456789012:user/ann'],
      ['api', 'ok', `${server.url} answers`],
      ['access', 'ok', 'it lets you look at jobs'],
      ['cluster', 'ok', 'EKS cluster shared is ACTIVE'],
      ['access entry', 'ok', 'the state machine is let in as eks-jobs-dev:run-job'],
      ['access entry', 'ok', 'settle-job is let in as eks-jobs-dev:settle-job'],
      ['access entry', 'ok', 'sweep is let in as eks-jobs-dev:settle-job'],
      ['pod identity', 'ok', "service account data-processor of namespace eks-jobs-dev has the job's role"],
      ['pod identity agent', 'ok', 'EKS Auto Mode brings it'],
      ['node pool', 'skipped', 'no cluster is named: give --context NAME, of the kubeconfig'],
      ['canary', 'ok', `job ${jobId} was QUEUED for 1m15s and RUNNING for 2s`],
    ]);
  });

  test('on this machine: what is of AWS is skipped', async () => {
    const { code, findings } = await doctor('--api', `${server.url}/api`);
    expect(code).toBe(0);
    expect(findings.filter(({ outcome }) => outcome === 'skipped').map(({ check }) => check)).toEqual([
      'cluster',
      'node pool',
    ]);
  });

  test('reads as lines, with a sum', async () => {
    const { out } = await eksJobs(['doctor', '--api', `${server.url}/api`, '--no-canary']);
    expect(out).toContain('skipped  canary              --no-canary\n');
    expect(out).toMatch(/\n3 ok, 0 failed, 3 skipped\n$/);
  });
});

describe('what is wrong is named, with what to do', () => {
  const cases: [string, string, () => unknown, RegExp, RegExp | undefined][] = [
    [
      'a stack half made',
      'stack',
      () => (stack.status = 'ROLLBACK_COMPLETE'),
      /ROLLBACK_COMPLETE/,
      /stack-events/,
    ],
    [
      'no way in for the state machine',
      'access entry',
      () => stack.entries.delete('RunJobRole'),
      /the state machine in: there is no entry for arn:aws:iam::123456789012:role\/RunJobRole/,
      /sls deploy/,
    ],
    [
      'an entry of another group',
      'access entry',
      () => stack.entries.set('SettleJobRole', ['viewers']),
      /settle-job is let in as viewers, not as eks-jobs-dev:settle-job/,
      /aws eks update-access-entry .* --kubernetes-groups eks-jobs-dev:settle-job/,
    ],
    ['pods without a role', 'pod identity', () => (stack.podRole = undefined), /has no role/, /sls deploy/],
    [
      'pods with another role',
      'pod identity',
      () => (stack.podRole = 'Other'),
      /has the role arn:aws:iam::123456789012:role\/Other/,
      /--role-arn arn:aws:iam::123456789012:role\/JobRole/,
    ],
    [
      'no agent that hands out roles',
      'pod identity agent',
      () => delete stack.cluster?.['computeConfig'],
      /no add-on eks-pod-identity-agent/,
      /create-addon/,
    ],
    ['no cluster', 'cluster', () => (stack.cluster = undefined), /there is no EKS cluster shared/, undefined],
    [
      'a cluster that Step Functions cannot reach',
      'cluster',
      () => (stack.cluster = { ...stack.cluster, resourcesVpcConfig: { endpointPublicAccess: false } }),
      /endpoint is not public/,
      undefined,
    ],
  ];

  test.each(cases)('%s', async (_what, check, spoil, message, advice) => {
    spoil();
    const examined = await deployed('--no-canary');
    expect(examined.code).toBe(1);
    const [finding, ...others] = wrong(examined);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ check, message: expect.stringMatching(message) });
    if (advice) expect(finding?.advice.join('\n')).toMatch(advice);
  });

  test('a stack that is not there', async () => {
    const { code, by } = await doctor('--stack', 'eks-jobs-prod', '--api', `${server.url}/api`);
    expect(code).toBe(1);
    expect(by('stack')?.message).toBe('there is no stack eks-jobs-prod in this account and region');
  });

  test('another kind of authorization than the stack’s', async () => {
    stack.authorization = 'jwt';
    const examined = await deployed('--no-canary');
    expect(wrong(examined)).toMatchObject([{ check: 'authorization' }]);
  });

  test('an API that does not answer; then no job is tried', async () => {
    const { url } = server;
    await server.stop();
    const { code, by } = await doctor('--api', url);
    expect(code).toBe(1);
    expect(by('api')).toMatchObject({ outcome: 'failed' });
    expect(by('canary')).toMatchObject({ outcome: 'skipped' });
    server = await FakeApi.start();
  });

  test('an API that lets the caller not in', async () => {
    server.route = () => ({ status: 403, body: { message: 'Forbidden' } });
    const { code, by } = await doctor(
      '--api',
      server.url,
      '--token',
      tokenOf({ sub: 'ann', scope: 'email' }),
    );
    expect(code).toBe(1);
    expect(by('identity')?.message).toBe('ann, scopes email');
    expect(by('access')).toMatchObject({ outcome: 'failed' });
  });

  test('credentials that AWS does not take', async () => {
    stack.denied.add('GetCallerIdentity');
    const { code, by } = await deployed('--no-canary');
    expect(code).toBe(1);
    expect(by('identity')?.message).toMatch(/AWS does not take these credentials: AccessDenied/);
  });

  test.each([
    [{ sub: 'ann', exp: 1_700_000_000 }, /the token of ann expired at 2023-11-14/],
    [{ sub: 'ann', nbf: 99_999_999_999 }, /not valid before/],
    [{ scope: 'jobs:read' }, /no subject/],
  ])('a token that cannot be of use: %j', async (claims, message) => {
    const { code, by } = await doctor(
      '--api',
      `${server.url}/api`,
      '--token',
      tokenOf(claims),
      '--no-canary',
    );
    expect(code).toBe(1);
    expect(by('identity')?.message).toMatch(message);
  });
});

describe('what cannot be seen is skipped, and says why', () => {
  test.each([
    ['DescribeStacks', 'stack'],
    ['DescribeCluster', 'cluster'],
    ['DescribeAccessEntry', 'access entry'],
    ['PodIdentityAssociations', 'pod identity'],
  ])('without leave to %s', async (operation, check) => {
    stack.denied.add(operation);
    const { code, by } = await deployed('--no-canary', '--api', `${server.url}/api`, '--auth', 'iam');
    expect(code).toBe(0);
    expect(by(check)).toMatchObject({
      outcome: 'skipped',
      message: expect.stringContaining('not authorized to perform'),
    });
  });

  test('the API of a stack whose address nobody knows: that of this machine is not meant', async () => {
    stack.denied.add('DescribeStacks');
    const { findings, by } = await deployed();
    expect(by('api')).toMatchObject({ outcome: 'skipped', message: 'its address is not known: give --api' });
    expect(by('canary')).toMatchObject({ outcome: 'skipped' });
    expect(findings.map(({ outcome }) => outcome)).not.toContain('ok');
  });

  test('a token that is no JWT', async () => {
    const { by } = await doctor('--api', `${server.url}/api`, '--token', 'opaque', '--no-canary');
    expect(by('identity')).toMatchObject({ outcome: 'skipped' });
  });
});

describe('the NodePool, in the cluster of a context', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'eks-jobs-doctor-'));
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'other' },
      clusters: [{ name: 'c', cluster: { server: server.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'mine', context: { cluster: 'c', user: 'u' } }],
    };
    writeFileSync(join(directory, 'config'), JSON.stringify(config));
  });

  afterEach(() => {
    pool = undefined;
    rmSync(directory, { recursive: true });
  });

  const inContext = (context: string) =>
    deployed('--no-canary', '--context', context, '--kubeconfig', join(directory, 'config'));

  test('is ready', async () => {
    pool = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
    expect((await inContext('mine')).by('node pool')).toMatchObject({
      outcome: 'ok',
      message: 'NodePool eks-jobs-dev is ready',
    });
  });

  test('is not ready, and says why', async () => {
    const condition = {
      type: 'NodeClassReady',
      status: 'False',
      reason: 'NotFound',
      message: 'no NodeClass',
    };
    pool = { status: { conditions: [condition, { type: 'Ready', status: 'False' }] } };
    const { code, by } = await inContext('mine');
    expect(code).toBe(1);
    expect(by('node pool')?.message).toContain('is not ready: NodeClassReady: NotFound, no NodeClass');
  });

  test('is not there', async () => {
    expect((await inContext('mine')).by('node pool')).toMatchObject({
      outcome: 'failed',
      message: expect.stringContaining('there is no NodePool eks-jobs-dev'),
    });
  });

  test('is not looked for in a context that is not there', async () => {
    expect((await inContext('your')).by('node pool')).toMatchObject({
      outcome: 'skipped',
      message: expect.stringContaining('there is no context your; there are: mine'),
    });
  });

  test('is not looked for where the stack brings no nodes', async () => {
    stack.nodeClass = 'none';
    expect((await inContext('mine')).by('node pool')).toMatchObject({ outcome: 'skipped' });
  });
});

describe('a canary', () => {
  test('that fails says why', async () => {
    const error = { code: 'InvalidInput', message: 'source: unknown' };
    job = { body: jobView({ status: 'FAILED', error }) };
    const { code, by } = await deployed();
    expect(code).toBe(1);
    expect(by('canary')).toMatchObject({
      outcome: 'failed',
      message: `job ${jobId} is FAILED; InvalidInput: source: unknown`,
    });
  });

  test('that does not get a node is cancelled, and says what it waits for', async () => {
    const waitingReason = { reason: 'NoNode', message: 'No node has room.' } as const;
    job = { body: jobView({ status: 'QUEUED', waitingReason }) };
    const { by } = await deployed('--canary-seconds', '1');
    expect(by('canary')?.message).toContain(
      'still QUEUED after 1 s and was cancelled; NoNode: No node has room.',
    );
    expect(server.received.map(({ method, url }) => `${method} ${url}`)).toContain(
      `DELETE /api/jobs/${jobId}`,
    );
  });

  test('may have an input of its own', async () => {
    await deployed('--canary-input', '{"source": "mine"}');
    const posted = server.received.find(({ method, url }) => method === 'POST' && url === '/api/jobs');
    expect(JSON.parse(posted?.body ?? '')).toMatchObject({ input: { source: 'mine' }, maxAttempts: 1 });
  });
});

const tokenOf = (claims: object): string =>
  ['{"alg":"none"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
