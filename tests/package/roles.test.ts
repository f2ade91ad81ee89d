import { describe, expect, test } from '@jest/globals';
import { functionsOf } from '../harness/package/functions.ts';
import { packaged, packagedVariant } from '../harness/package/packaged.ts';
import { managedPoliciesOf, permissionsOf } from './permissions.ts';

/** Nothing is open by default, so a role has no more permissions than it needs. */
const service = packaged();
const permissions = permissionsOf(service.template);
const functionRoles = functionsOf(service).map(({ role }) => role);

/** Actions without a resource, so that only `*` is possible, and the reason for each. */
const withoutResource: Record<string, string> = {
  'xray:PutTraceSegments': 'traces',
  'xray:PutTelemetryRecords': 'traces',
  'xray:GetSamplingRules': 'the state machine samples its traces',
  'xray:GetSamplingTargets': 'the state machine samples its traces',
  'logs:CreateLogDelivery': 'log delivery fills the state machine’s log group; it belongs to the account',
  'logs:GetLogDelivery': 'as above',
  'logs:UpdateLogDelivery': 'as above',
  'logs:DeleteLogDelivery': 'as above',
  'logs:ListLogDeliveries': 'as above',
  'logs:PutResourcePolicy': 'as above',
  'logs:DescribeResourcePolicies': 'as above',
  'logs:DescribeLogGroups': 'as above',
};

/** The managed policies that EKS Auto Mode requires. No other managed policy is used. */
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
  test('are one per function', () => {
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

  test('need every exception in the list of actions without a resource', () => {
    const unnamed = Object.values(permissions)
      .flat()
      .filter(({ Resource }) => Resource.includes('*'))
      .flatMap(({ Action }) => Action);
    expect([...new Set(unnamed)].sort()).toEqual(Object.keys(withoutResource).sort());
  });

  test('have managed policies of AWS only for EKS Auto Mode', () => {
    const having = Object.entries(managedPoliciesOf(service.template)).filter(
      ([, names]) => names.length > 0,
    );
    expect(Object.fromEntries(having)).toEqual(managed);
  });

  // An unused role could be taken over.
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

  test('the state machine can only invoke settle-job and put items', () => {
    const actions = permissions['RunJobRole']
      ?.flatMap(({ Action }) => Action)
      .filter((action) => !(action in withoutResource));
    expect(actions).toEqual(['dynamodb:PutItem', 'lambda:InvokeFunction']);
  });

  test('EventBridge Scheduler can start jobs and send dead letters, only for schedules of this group', () => {
    expect(permissions['SchedulerRole']?.flatMap(({ Action }) => Action)).toEqual([
      'states:StartExecution',
      'sqs:SendMessage',
    ]);
    // A condition on the ARN of a schedule would never be met: AWS passes the ARN of the group.
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

  // A principal that may pass a role to a service can do what the role allows.
  test('functions can pass only the role of Scheduler, and only to Scheduler', () => {
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
    // EKS Auto Mode passes a role to its nodes: AmazonEKSComputePolicy allows that.
    expect(others.map(([role]) => role)).toEqual([]);
  });

  // What fluent-bit 5.0.9 called in a run against a server that recorded it, with auto_create_group off.
  test('fluent-bit can create log streams and write into them, in the one group', () => {
    expect(permissions['ContainerLogsRole']).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: [{ 'Fn::GetAtt': ['ApplicationLogGroup', 'Arn'] }],
      },
    ]);
  });

  test('the setup of the cluster can create and limit the log group of EKS, and no other', () => {
    const logs = permissions['ClusterSetupRole']?.filter(({ Action }) =>
      Action.includes('logs:PutRetentionPolicy'),
    );
    const arn =
      'arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/eks/${ClusterName}/cluster';
    expect(logs).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:PutRetentionPolicy'],
        Resource: [[{ 'Fn::Sub': arn }, { 'Fn::Sub': `${arn}:*` }]],
      },
    ]);
  });

  test('get-job can only read jobs, and write the slots of requests that wait', () => {
    const writing = permissions['GetJobRole']?.filter(({ Action }) =>
      Action.some((action) => /^dynamodb:(Put|Update|Delete|Batch|Trans)/.test(action)),
    );
    expect(writing).toEqual([
      {
        Effect: 'Allow',
        Action: ['dynamodb:PutItem', 'dynamodb:DeleteItem'],
        Resource: [{ 'Fn::GetAtt': ['JobsTable', 'Arn'] }],
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['WAIT#*'] } },
      },
    ]);
  });

  // User code runs with this role.
  test('a job can use the table without its indexes, and read the named buckets', () => {
    expect(permissions['JobRole']).toEqual([
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
        Resource: [{ 'Fn::GetAtt': ['JobsTable', 'Arn'] }],
      },
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: [expect.any(Array)] },
    ]);
    const named = permissionsOf(packagedVariant().template)['JobRole']?.at(-1)?.Resource;
    expect(named).toEqual([
      ['first', 'second'].map((bucket) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${bucket}/*` })),
    ]);
  });

  // The role must exist some time before the state machine, or CloudFormation fails with "not authorized to access the Log
  // Destination". A reference to settle-job would make it wait for the cluster.
  test('the role of the state machine waits for neither the cluster nor a function', () => {
    const text = JSON.stringify(service.template.Resources['RunJobRole']);
    expect(text).toContain('function:eks-jobs-dev-settleJob');
    expect(text).not.toMatch(/"(Ref|Fn::GetAtt)":\[?"(ClusterSetup|Cluster|\w+LambdaFunction)"/);
  });
});
