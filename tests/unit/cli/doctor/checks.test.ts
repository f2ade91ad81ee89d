import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../../cli/doctor/finding.ts';
import { eksJobs } from '../command-line.ts';
import { FakeApi } from '../fake-api.ts';
import { jobView } from '../jobs.ts';
import { deployed, doctor, type Examined, Surroundings } from './surroundings.ts';

/** What is wrong with a setup is found, with what to do; what cannot be seen is not called wrong. */
const { jobId } = jobView();
const around = new Surroundings();
const wrong = ({ findings }: Examined): Finding[] => findings.filter(({ outcome }) => outcome === 'failed');

describe('a setup with which nothing is wrong', () => {
  test('deployed: each check tells what it saw', async () => {
    const examined = await deployed();
    expect(wrong(examined)).toEqual([]);
    expect(examined.code).toBe(0);
    expect(examined.findings.map(({ check, outcome, message }) => [check, outcome, message])).toEqual([
      ['stack', 'ok', 'eks-jobs-dev is UPDATE_COMPLETE'],
      ['identity', 'ok', 'arn:aws:iam::123456789012:user/ann'],
      ['api', 'ok', `${around.server.url} answers`],
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
    const { code, findings } = await doctor('--api', around.api);
    expect(code).toBe(0);
    expect(findings.filter(({ outcome }) => outcome === 'skipped').map(({ check }) => check)).toEqual([
      'cluster',
      'node pool',
    ]);
  });

  test('reads as lines, with a sum', async () => {
    const { out } = await eksJobs(['doctor', '--api', around.api, '--no-canary']);
    expect(out).toContain('skipped  canary              --no-canary\n');
    expect(out).toMatch(/\n3 ok, 0 failed, 3 skipped\n$/);
  });
});

describe('what is wrong is named, with what to do', () => {
  const cases: [string, string, () => unknown, RegExp, RegExp | undefined][] = [
    [
      'a stack half made',
      'stack',
      () => (around.stack.status = 'ROLLBACK_COMPLETE'),
      /ROLLBACK_COMPLETE/,
      /stack-events/,
    ],
    [
      'no way in for the state machine',
      'access entry',
      () => around.stack.entries.delete('RunJobRole'),
      /the state machine in: there is no entry for arn:aws:iam::123456789012:role\/RunJobRole/,
      /sls deploy/,
    ],
    [
      'an entry of another group',
      'access entry',
      () => around.stack.entries.set('SettleJobRole', ['viewers']),
      /settle-job is let in as viewers, not as eks-jobs-dev:settle-job/,
      /aws eks update-access-entry .* --kubernetes-groups eks-jobs-dev:settle-job/,
    ],
    [
      'pods without a role',
      'pod identity',
      () => (around.stack.podRole = undefined),
      /has no role/,
      /sls deploy/,
    ],
    [
      'pods with another role',
      'pod identity',
      () => (around.stack.podRole = 'Other'),
      /has the role arn:aws:iam::123456789012:role\/Other/,
      /--role-arn arn:aws:iam::123456789012:role\/JobRole/,
    ],
    [
      'no agent that hands out roles',
      'pod identity agent',
      () => delete around.stack.cluster?.['computeConfig'],
      /no add-on eks-pod-identity-agent/,
      /create-addon/,
    ],
    [
      'no cluster',
      'cluster',
      () => (around.stack.cluster = undefined),
      /there is no EKS cluster shared/,
      undefined,
    ],
    [
      'a cluster that Step Functions cannot reach',
      'cluster',
      () =>
        (around.stack.cluster = {
          ...around.stack.cluster,
          resourcesVpcConfig: { endpointPublicAccess: false },
        }),
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
    const { code, by } = await doctor('--stack', 'eks-jobs-prod', '--api', around.api);
    expect(code).toBe(1);
    expect(by('stack')?.message).toBe('there is no stack eks-jobs-prod in this account and region');
  });

  test('another kind of authorization than the stack’s', async () => {
    around.stack.authorization = 'jwt';
    const examined = await deployed('--no-canary');
    expect(wrong(examined)).toMatchObject([{ check: 'authorization' }]);
  });

  test('an API that does not answer; then no job is tried', async () => {
    const { url } = around.server;
    await around.server.stop();
    const { code, by } = await doctor('--api', url);
    expect(code).toBe(1);
    expect(by('api')).toMatchObject({ outcome: 'failed' });
    expect(by('canary')).toMatchObject({ outcome: 'skipped' });
    around.server = await FakeApi.start();
  });
});

describe('what cannot be seen is skipped, and says why', () => {
  test.each([
    ['DescribeStacks', 'stack'],
    ['DescribeCluster', 'cluster'],
    ['DescribeAccessEntry', 'access entry'],
    ['PodIdentityAssociations', 'pod identity'],
  ])('without leave to %s', async (operation, check) => {
    around.stack.denied.add(operation);
    const { code, by } = await deployed('--no-canary', '--api', around.api, '--auth', 'iam');
    expect(code).toBe(0);
    expect(by(check)).toMatchObject({
      outcome: 'skipped',
      message: expect.stringContaining('not authorized to perform'),
    });
  });

  test('the API of a stack whose address nobody knows: that of this machine is not meant', async () => {
    around.stack.denied.add('DescribeStacks');
    const { findings, by } = await deployed();
    expect(by('api')).toMatchObject({ outcome: 'skipped', message: 'its address is not known: give --api' });
    expect(by('canary')).toMatchObject({ outcome: 'skipped' });
    expect(findings.map(({ outcome }) => outcome)).not.toContain('ok');
  });
});
