import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../cli/doctor/finding.ts';
import { eksJobs } from './run-command.ts';
import { FakeApi } from './fake-api.ts';
import { jobView } from './views.ts';
import {
  runDoctorOnStack,
  runDoctor,
  type DoctorResult,
  FakeEnvironment,
} from './doctor/fake-environment.ts';

/** doctor reports what is wrong with a setup, with advice; a check that cannot be made is skipped. */
const { jobId } = jobView();
const environment = new FakeEnvironment();
const failures = ({ findings }: DoctorResult): Finding[] =>
  findings.filter(({ outcome }) => outcome === 'failed');

describe('a setup without faults', () => {
  test('on AWS: every check reports what it saw', async () => {
    const result = await runDoctorOnStack();
    expect(failures(result)).toEqual([]);
    expect(result.code).toBe(0);
    expect(result.findings.map(({ check, outcome, message }) => [check, outcome, message])).toEqual([
      ['stack', 'ok', 'eks-jobs-dev is UPDATE_COMPLETE'],
      ['identity', 'ok', 'arn:aws:iam::123456789012:user/ann'],
      ['api', 'ok', `${environment.server.url} responds`],
      ['access', 'ok', 'you are authorized to read jobs'],
      ['cluster', 'ok', 'EKS cluster shared is ACTIVE'],
      ['access entry', 'ok', 'the state machine has the Kubernetes groups eks-jobs-dev:run-job'],
      ['access entry', 'ok', 'settle-job has the Kubernetes groups eks-jobs-dev:settle-job'],
      ['access entry', 'ok', 'sweep has the Kubernetes groups eks-jobs-dev:settle-job, eks-jobs-dev:sweep'],
      ['pod identity', 'ok', "service account data-processor of namespace eks-jobs-dev has the job's role"],
      ['pod identity agent', 'ok', 'EKS Auto Mode includes it'],
      ['node pool', 'skipped', 'use --context to check the cluster of a kubeconfig context'],
      ['canary', 'ok', `job ${jobId} was QUEUED for 1m15s and RUNNING for 2s`],
    ]);
  });

  test('on this machine: the checks of AWS are skipped', async () => {
    const { code, findings } = await runDoctor('--api', environment.api);
    expect(code).toBe(0);
    expect(findings.filter(({ outcome }) => outcome === 'skipped').map(({ check }) => check)).toEqual([
      'cluster',
      'node pool',
    ]);
  });

  test('is printed one line per check, with a summary', async () => {
    const { out } = await eksJobs(['doctor', '--api', environment.api, '--no-canary']);
    expect(out).toContain('skipped  canary              --no-canary\n');
    expect(out).toMatch(/\n3 ok, 0 failed, 3 skipped\n$/);
  });
});

describe('a fault is reported with advice', () => {
  const cases: [string, string, () => unknown, RegExp, RegExp | undefined][] = [
    [
      'a stack whose creation failed',
      'stack',
      () => (environment.stack.status = 'ROLLBACK_COMPLETE'),
      /ROLLBACK_COMPLETE/,
      /stack-events/,
    ],
    [
      'a state machine without access to the cluster',
      'access entry',
      () => environment.stack.entries.delete('RunJobRole'),
      /the state machine cannot access shared: the access entry for arn:aws:iam::123456789012:role\/RunJobRole is missing/,
      /sls deploy/,
    ],
    [
      'an access entry with another group',
      'access entry',
      () => environment.stack.entries.set('SettleJobRole', ['viewers']),
      /settle-job lacks the Kubernetes groups eks-jobs-dev:settle-job; its access entry has viewers/,
      // The call replaces the list: a group that the user added stays.
      /aws eks update-access-entry .* --kubernetes-groups eks-jobs-dev:settle-job viewers$/,
    ],
    [
      'an access entry of sweep without its second group',
      'access entry',
      () => environment.stack.entries.set('SweepRole', ['eks-jobs-dev:settle-job']),
      /sweep lacks the Kubernetes groups eks-jobs-dev:sweep; its access entry has eks-jobs-dev:settle-job$/,
      /aws eks update-access-entry .* --kubernetes-groups eks-jobs-dev:settle-job eks-jobs-dev:sweep$/,
    ],
    [
      'pods without a role',
      'pod identity',
      () => (environment.stack.podRole = undefined),
      /has no role/,
      /sls deploy/,
    ],
    [
      'pods with another role',
      'pod identity',
      () => (environment.stack.podRole = 'Other'),
      /has the role arn:aws:iam::123456789012:role\/Other/,
      /--role-arn arn:aws:iam::123456789012:role\/JobRole/,
    ],
    [
      'no pod identity agent',
      'pod identity agent',
      () => delete environment.stack.cluster?.['computeConfig'],
      /no add-on eks-pod-identity-agent/,
      /create-addon/,
    ],
    [
      'no cluster',
      'cluster',
      () => (environment.stack.cluster = undefined),
      /the EKS cluster shared does not exist/,
      undefined,
    ],
    [
      'a cluster that Step Functions cannot reach',
      'cluster',
      () =>
        (environment.stack.cluster = {
          ...environment.stack.cluster,
          resourcesVpcConfig: { endpointPublicAccess: false },
        }),
      /endpoint is not public/,
      undefined,
    ],
  ];

  test.each(cases)('%s', async (_what, check, breakSetup, message, advice) => {
    breakSetup();
    const result = await runDoctorOnStack('--no-canary');
    expect(result.code).toBe(1);
    const [finding, ...others] = failures(result);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ check, message: expect.stringMatching(message) });
    if (advice) expect(finding?.advice.join('\n')).toMatch(advice);
  });

  test('a stack that does not exist', async () => {
    const { code, by } = await runDoctor('--stack', 'eks-jobs-prod', '--api', environment.api);
    expect(code).toBe(1);
    expect(by('stack')?.message).toBe('the stack eks-jobs-prod does not exist in this account and region');
  });

  test('a stack of another service', async () => {
    environment.stack.parameters = { BucketName: 'photos' };
    const { code, by } = await runDoctorOnStack('--api', environment.api, '--no-canary');
    expect(code).toBe(1);
    expect(by('stack')?.message).toBe('eks-jobs-dev is not a stack of eks-jobs');
  });

  test('credentials of another kind than the stack’s authorization', async () => {
    environment.stack.authorization = 'jwt';
    const result = await runDoctorOnStack('--no-canary');
    expect(failures(result)).toMatchObject([{ check: 'authorization' }]);
  });

  test('an API that does not respond; then no canary is submitted', async () => {
    const { url } = environment.server;
    await environment.server.stop();
    const { code, by } = await runDoctor('--api', url);
    expect(code).toBe(1);
    expect(by('api')).toMatchObject({ outcome: 'failed' });
    expect(by('canary')).toMatchObject({ outcome: 'skipped' });
    environment.server = await FakeApi.start();
  });
});

describe('a check that cannot be made is skipped, with the reason', () => {
  test.each([
    ['DescribeStacks', 'stack'],
    ['DescribeCluster', 'cluster'],
    ['DescribeAccessEntry', 'access entry'],
    ['PodIdentityAssociations', 'pod identity'],
  ])('without permission to %s', async (operation, check) => {
    environment.stack.denied.add(operation);
    const { code, by } = await runDoctorOnStack('--no-canary', '--api', environment.api, '--auth', 'iam');
    expect(code).toBe(0);
    expect(by(check)).toMatchObject({
      outcome: 'skipped',
      message: expect.stringContaining('not authorized to perform'),
    });
  });

  test('the API of a stack whose address is unknown: the API of this machine is not checked instead', async () => {
    environment.stack.denied.add('DescribeStacks');
    const { findings, by } = await runDoctorOnStack();
    expect(by('api')).toMatchObject({ outcome: 'skipped', message: 'its address is not known: use --api' });
    expect(by('canary')).toMatchObject({ outcome: 'skipped' });
    expect(findings.map(({ outcome }) => outcome)).not.toContain('ok');
  });
});
