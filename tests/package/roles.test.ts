import { describe, expect, test } from '@jest/globals';
import { functionsOf } from '../harness/package/functions.ts';
import { packaged } from '../harness/package/packaged.ts';
import { managedPoliciesOf, permissionsOf } from './permissions.ts';

/** Nothing is open by default: not a role (promise 4). */
const service = packaged();
const permissions = permissionsOf(service.template);
const functionRoles = functionsOf(service).map(({ role }) => role);

/** Actions of which AWS knows no resource, so that only `*` can be written, and why they are there. */
const withoutResource: Record<string, string> = {
  'xray:PutTraceSegments': 'traces',
  'xray:PutTelemetryRecords': 'traces',
  'xray:GetSamplingRules': 'the state machine chooses what it traces',
  'xray:GetSamplingTargets': 'the state machine chooses what it traces',
  'logs:CreateLogDelivery': 'the state machine’s log group is fed by log delivery, which is the account’s',
  'logs:GetLogDelivery': 'as above',
  'logs:UpdateLogDelivery': 'as above',
  'logs:DeleteLogDelivery': 'as above',
  'logs:ListLogDeliveries': 'as above',
  'logs:PutResourcePolicy': 'as above',
  'logs:DescribeResourcePolicies': 'as above',
  'logs:DescribeLogGroups': 'as above',
};

/** What AWS asks for where it runs nodes itself (EKS Auto Mode), and nothing else of its making. */
const managed: Record<string, string[]> = {
  ClusterRole: [
    'AmazonEKSClusterPolicy',
    'AmazonEKSComputePolicy',
    'AmazonEKSBlockStoragePolicy',
    'AmazonEKSLoadBalancingPolicy',
    'AmazonEKSNetworkingPolicy',
  ],
  NodeRole: ['AmazonEKSWorkerNodeMinimalPolicy', 'AmazonEC2ContainerRegistryPullOnly'],
};

describe('the roles', () => {
  test('are one for each function', () => {
    expect(new Set(functionRoles).size).toBe(functionRoles.length);
  });

  test.each(Object.entries(permissions))('%s names its actions and resources', (_role, statements) => {
    for (const { Effect, Action, Resource } of statements) {
      expect(Effect).toBe('Allow');
      expect(Action.filter((action) => action.includes('*'))).toEqual([]);
      if (Resource.includes('*')) {
        expect(Action.filter((action) => !(action in withoutResource))).toEqual([]);
      }
    }
  });

  test('let nothing pass as being without a resource that no role asks for', () => {
    const unnamed = Object.values(permissions)
      .flat()
      .filter(({ Resource }) => Resource.includes('*'))
      .flatMap(({ Action }) => Action);
    expect([...new Set(unnamed)].sort()).toEqual(Object.keys(withoutResource).sort());
  });

  test('have policies of AWS’s making only where EKS runs the nodes', () => {
    const having = Object.entries(managedPoliciesOf(service.template)).filter(
      ([, names]) => names.length > 0,
    );
    expect(Object.fromEntries(having)).toEqual(managed);
  });

  // A role that nothing assumes is one that somebody can take over.
  test('are all used', () => {
    const { Resources } = service.template;
    for (const name of Object.keys(permissions)) {
      const users = Object.values(Resources).filter(({ Type, Properties }) => {
        if (Type === 'AWS::EKS::AccessEntry') return false;
        const text = JSON.stringify(Properties ?? {});
        return text.includes(`{"Fn::GetAtt":["${name}","Arn"]}`) || text.includes(`{"Ref":"${name}"}`);
      });
      expect({ name, used: users.length > 0 }).toEqual({ name, used: true });
    }
  });

  test('only settle-job can be invoked by the state machine, and only items be put', () => {
    const actions = permissions['RunJobRole']
      ?.flatMap(({ Action }) => Action)
      .filter((action) => !(action in withoutResource));
    expect(actions).toEqual(['dynamodb:PutItem', 'lambda:InvokeFunction']);
  });

  test('EventBridge Scheduler starts jobs and leaves dead letters, for schedules of this group alone', () => {
    expect(permissions['SchedulerRole']?.flatMap(({ Action }) => Action)).toEqual([
      'states:StartExecution',
      'sqs:SendMessage',
    ]);
    // A condition on a schedule's own ARN is never met: AWS gives the group's.
    expect(service.template.Resources['SchedulerRole']?.Properties).toMatchObject({
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 'scheduler.amazonaws.com' },
            Condition: {
              StringEquals: {
                'aws:SourceAccount': { Ref: 'AWS::AccountId' },
                'aws:SourceArn': { 'Fn::GetAtt': ['ScheduleGroup', 'Arn'] },
              },
            },
          },
        ],
      },
    });
  });

  // Whoever may pass a role to a service may do what the role may.
  test('only Scheduler’s role can be passed on by functions, and only to Scheduler', () => {
    const passing = functionRoles
      .flatMap((role) => permissions[role] ?? [])
      .filter(({ Action }) => Action.includes('iam:PassRole'));
    expect(passing.length).toBeGreaterThan(0);
    for (const { Resource, Condition } of passing) {
      expect(Resource).toEqual([{ 'Fn::GetAtt': ['SchedulerRole', 'Arn'] }]);
      expect(Condition).toEqual({ StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } });
    }
    const others = Object.entries(permissions).filter(
      ([role, statements]) =>
        !functionRoles.includes(role) && statements.some(({ Action }) => Action.includes('iam:PassRole')),
    );
    // EKS Auto Mode gives its nodes theirs.
    expect(others.map(([role]) => role)).toEqual(['ClusterRole']);
  });

  // User code runs with this one.
  test('a job may touch the table, not its indexes, and read the named buckets', () => {
    expect(permissions['JobRole']).toEqual([
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
        Resource: [{ 'Fn::GetAtt': ['JobsTable', 'Arn'] }],
      },
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: [expect.objectContaining({})] },
    ]);
  });
});
