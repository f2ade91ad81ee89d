import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { packaged, packagedVariant, type Template } from '../harness/package/packaged.ts';

/** The promises of docs/security.md about the stack, tested with the template that is deployed. */
const { template } = packaged();
const variant = packagedVariant().template;

const ofType = ({ Resources }: Template, type: string): [string, Record<string, unknown>][] =>
  Object.entries(Resources)
    .filter(([, { Type }]) => Type === type)
    .map(([name, { Properties }]) => [name, Properties ?? {}]);

const one = (type: string): Record<string, unknown> => {
  const [resource, ...others] = ofType(template, type);
  if (!resource || others.length > 0) throw new Error(`not exactly one ${type}`);
  return resource[1];
};

describe('the template', () => {
  // GovCloud and China have partitions of their own. The default of a parameter is what a user set.
  test.each([template, variant])('deploys in every partition of AWS', ({ Resources, Outputs }) => {
    expect(JSON.stringify({ Resources, Outputs }).match(/arn:aws[a-z-]*:[^"]*/g)).toBeNull();
  });
});

describe('the API', () => {
  const routes = ofType(template, 'AWS::ApiGatewayV2::Route');

  test('has routes', () => {
    expect(routes.length).toBeGreaterThanOrEqual(3);
  });

  test.each(routes)('%s requires an AWS signature by default', (_name, route) => {
    expect(route['AuthorizationType']).toBe('AWS_IAM');
  });

  test.each(ofType(variant, 'AWS::ApiGatewayV2::Route'))(
    '%s requires a token with the scope of its method, or of admins, with auth=jwt',
    (_name, route) => {
      expect(route).toMatchObject({
        AuthorizationType: 'JWT',
        AuthorizerId: { Ref: 'HttpApiAuthorizerJwt' },
        AuthorizationScopes: [
          String(route['RouteKey']).startsWith('GET ') ? 'jobs:read' : 'jobs:write',
          'jobs:admin',
        ],
      });
    },
  );

  test('accepts only tokens of the configured issuer and audience', () => {
    expect(ofType(variant, 'AWS::ApiGatewayV2::Authorizer').map(([, properties]) => properties)).toEqual([
      expect.objectContaining({
        IdentitySource: ['$request.header.Authorization'],
        JwtConfiguration: { Issuer: 'https://issuer.example', Audience: ['eks-jobs'] },
      }),
    ]);
  });

  test('is throttled, has no metrics of single routes, and logs every request without the data of the caller', () => {
    const stage = z
      .looseObject({
        DefaultRouteSettings: z.object({
          ThrottlingRateLimit: z.number().positive(),
          ThrottlingBurstLimit: z.number().positive(),
          // Six metrics of each route would cost $0.30 a month each.
          DetailedMetricsEnabled: z.literal(false),
        }),
        RouteSettings: z.undefined().optional(),
        AccessLogSettings: z.object({ Format: z.string(), DestinationArn: z.unknown() }),
      })
      .parse(one('AWS::ApiGatewayV2::Stage'));
    const names = Object.values(JSON.parse(stage.AccessLogSettings.Format) as Record<string, string>);
    expect(names).toContain('$context.requestId');
    expect(names.filter((name) => /header|querystring|body|path\b/i.test(name))).toEqual([]);
  });
});

describe('stored data', () => {
  // Other names would each add to the account's one resource policy for log delivery, which is limited to 5,120 characters.
  test('what AWS delivers goes into log groups that share one resource policy', () => {
    for (const name of ['HttpApiLogGroup', 'RunJobLogGroup']) {
      expect(template.Resources[name]?.Properties).toMatchObject({
        LogGroupName: expect.stringMatching(/^\/aws\/vendedlogs\//),
      });
    }
    // Otherwise the new name would delete the access log of a stage that an older version deployed.
    expect(template.Resources['HttpApiLogGroup']).toMatchObject({ UpdateReplacePolicy: 'Retain' });
  });

  test.each(ofType(template, 'AWS::Logs::LogGroup'))('%s has a retention', (_name, { RetentionInDays }) => {
    expect(RetentionInDays).toBeGreaterThan(0);
  });

  // A log group that Lambda creates has no retention and remains after `sls remove`.
  test('each function writes into a log group of this template', () => {
    const groups = ofType(template, 'AWS::Logs::LogGroup').map(([, { LogGroupName }]) => LogGroupName);
    for (const [, { FunctionName }] of ofType(template, 'AWS::Lambda::Function')) {
      expect(groups).toContain(`/aws/lambda/${String(FunctionName)}`);
    }
  });

  test('the table is encrypted with a key whose use CloudTrail logs, has point-in-time recovery, and deletes expired items', () => {
    expect(one('AWS::DynamoDB::Table')).toMatchObject({
      SSESpecification: { SSEEnabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { Enabled: true },
    });
  });

  // It holds the results of users: `sls remove --stage prod` must not delete them.
  test('the table remains after the stack in prod, and only there', () => {
    expect(template.Resources['JobsTable']).toMatchObject({ DeletionPolicy: 'Delete' });
    expect(variant.Resources['JobsTable']).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
  });

  test.each(ofType(template, 'AWS::SQS::Queue'))(
    '%s is encrypted and keeps its messages for two weeks',
    (_name, queue) => {
      expect(queue).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1209600 });
    },
  );

  test('the bucket of the code is encrypted, and not public', () => {
    const bucket = one('AWS::S3::Bucket');
    expect(bucket).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    expect(JSON.stringify(bucket['BucketEncryption'])).toContain('AES256');
  });
});

describe('the functions', () => {
  const functions = ofType(template, 'AWS::Lambda::Function');

  test.each(functions)('%s runs on Node 24 and arm64, traced, logging JSON', (_name, properties) => {
    expect(properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogFormat: 'JSON' },
    });
  });

  // A failure for which no caller waits must raise an alarm. The other functions respond 5xx or fail the deploy.
  test('each has an alarm, or a route of the API, or responds to CloudFormation', () => {
    const alarmed = JSON.stringify(ofType(template, 'AWS::CloudWatch::Alarm'));
    const behindApi = JSON.stringify(ofType(template, 'AWS::ApiGatewayV2::Integration'));
    const customResources = JSON.stringify(
      ['Custom::ClusterSetup', 'Custom::RunningJobs'].flatMap((type) => ofType(template, type)),
    );
    for (const [name] of functions) {
      const seen = [alarmed, behindApi, customResources].filter((text) => text.includes(`"${name}"`));
      expect({ name, seen: seen.length > 0 }).toEqual({ name, seen: true });
    }
  });

  // Resource policies allow invocations too.
  test('are invoked by named callers of this account only', () => {
    for (const [, permission] of ofType(template, 'AWS::Lambda::Permission')) {
      expect(permission['SourceArn']).toBeDefined();
      expect(permission['Principal']).toMatch(/^(apigateway|events|scheduler)\.amazonaws\.com$/);
    }
  });
});

describe('the state machine', () => {
  test('is traced, and logs without the input of jobs', () => {
    expect(one('AWS::StepFunctions::StateMachine')).toMatchObject({
      StateMachineName: 'eks-jobs-dev-run-job',
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: 'ERROR', IncludeExecutionData: false },
    });
  });
});

describe('the alarms', () => {
  const alarms = ofType(template, 'AWS::CloudWatch::Alarm');

  test.each(alarms)('%s goes to the topic of --param alarmTopic, on and off', (_name, alarm) => {
    const topic = { 'Fn::If': ['HasAlarmTopic', [{ Ref: 'AlarmTopic' }], { Ref: 'AWS::NoValue' }] };
    expect(alarm).toMatchObject({ AlarmActions: topic, OKActions: topic });
  });

  test('are all on the dashboard, which is JSON', () => {
    const { DashboardBody } = one('AWS::CloudWatch::Dashboard') as {
      DashboardBody: { 'Fn::Sub': [string, object] };
    };
    const [body, values] = DashboardBody['Fn::Sub'];
    const text = JSON.stringify(values);
    for (const [name] of alarms) expect(text).toContain(`"${name}"`);
    expect(JSON.parse(body)).toHaveProperty('widgets');
  });
});

describe('the cluster', () => {
  test('authorizes only by access entries, and encrypts its secrets with a separate key', () => {
    expect(one('AWS::EKS::Cluster')).toMatchObject({
      AccessConfig: { AuthenticationMode: 'API', BootstrapClusterCreatorAdminPermissions: false },
      EncryptionConfig: [{ Resources: ['secrets'] }],
      UpgradePolicy: { SupportType: 'STANDARD' },
      ComputeConfig: { Enabled: true },
      StorageConfig: { BlockStorage: { Enabled: true } },
      KubernetesNetworkConfig: { ElasticLoadBalancing: { Enabled: true } },
    });
  });

  const groups = {
    RunJobRole: ['run-job'],
    SettleJobRole: ['settle-job'],
    SweepRole: ['settle-job', 'sweep'],
  };
  test.each(Object.entries(groups))(
    '%s has the groups %j of one namespace, and no policy of EKS',
    (role, names) => {
      const entries = ofType(template, 'AWS::EKS::AccessEntry').filter(([, { PrincipalArn }]) =>
        JSON.stringify(PrincipalArn).includes(`"${role}"`),
      );
      expect(entries).toHaveLength(1);
      const [[, entry] = ['', {}]] = entries;
      expect(entry['KubernetesGroups']).toEqual(
        names.map((name) => ({ 'Fn::Sub': `\${JobNamespace}:${name}` })),
      );
      expect(entry['AccessPolicies']).toBeUndefined();
    },
  );

  // Another administrator must be added here, and explained in docs/security.md.
  test('is administered by the setup, and by the configured administrator', () => {
    const administrators = ofType(template, 'AWS::EKS::AccessEntry')
      .filter(([, entry]) => JSON.stringify(entry).includes('AmazonEKSClusterAdminPolicy'))
      .map(([name]) => name);
    expect(administrators.sort()).toEqual(['AdminAccessEntry', 'ClusterSetupAccessEntry']);
  });

  test('of a stack with --param cluster creates neither a network nor a cluster', () => {
    const always = Object.entries(template.Resources).filter(
      ([, { Type, Condition }]) =>
        Condition !== 'CreatesCluster' && /^AWS::(EC2|KMS)::|^AWS::EKS::Cluster$/.test(Type),
    );
    expect(always).toEqual([]);
    expect(variant['Parameters']).toMatchObject({
      ExistingCluster: { Default: 'existing' },
      ClusterName: { Default: 'existing' },
    });
  });

  // The audit log is the largest; the types that are left out cost as well, and nothing here is diagnosed by them.
  test('logs who called its API and who was not accepted, and nothing else', () => {
    expect(one('AWS::EKS::Cluster')).toMatchObject({
      Logging: { ClusterLogging: { EnabledTypes: [{ Type: 'audit' }, { Type: 'authenticator' }] } },
    });
  });

  test('has no add-on: none brings a Deployment that would need a node of its own', () => {
    expect(ofType(template, 'AWS::EKS::Addon')).toEqual([]);
  });

  // EKS creates a deleted group again some minutes after the removal, and the next deploy would fail on it.
  test('of a new stage has no log group of EKS in the stack, and one that is deployed keeps its own', () => {
    const { Parameters, Conditions, Resources } = template;
    for (const [parameter, condition, names] of [
      ['KeptClusterLogGroup', 'KeepsClusterLogGroup', ['ClusterLogGroup']],
      ['KeptAgentLogGroups', 'KeepsAgentLogGroups', ['DataplaneLogGroup', 'HostLogGroup']],
    ] as const) {
      expect(Parameters).toMatchObject({ [parameter]: { Default: 'false' } });
      expect(Conditions).toMatchObject({
        [condition]: {
          'Fn::And': [{ Condition: 'CreatesCluster' }, { 'Fn::Equals': [{ Ref: parameter }, 'true'] }],
        },
      });
      for (const name of names) expect(Resources[name]).toMatchObject({ Condition: condition });
    }
    expect(Resources['ClusterLogGroup']).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { LogGroupName: { 'Fn::Sub': '/aws/eks/${ClusterName}/cluster' } },
    });
    expect(JSON.stringify(Resources['Cluster'])).not.toContain('LogGroup');
    expect(one('Custom::ClusterSetup')).toMatchObject({
      ControlPlaneLogGroup: {
        'Fn::If': ['CreatesCluster', { 'Fn::Sub': '/aws/eks/${ClusterName}/cluster' }, ''],
      },
      ControlPlaneLogRetention: 30,
    });
  });

  test('sends the logs of containers with a role that only one account of one cluster gets', () => {
    const { ContainerLogsIdentity, ContainerLogsRole, ApplicationLogGroup } = template.Resources;
    expect(ContainerLogsIdentity).toMatchObject({
      Condition: 'KeepsContainerLogs',
      Properties: { Namespace: { 'Fn::Sub': '${JobNamespace}-logs' }, ServiceAccount: 'fluent-bit' },
    });
    expect(ContainerLogsRole?.Properties).toMatchObject({
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 'pods.eks.amazonaws.com' },
            Condition: {
              StringEquals: {
                'aws:RequestTag/eks-cluster-arn': expect.anything(),
                'aws:RequestTag/kubernetes-namespace': { 'Fn::Sub': '${JobNamespace}-logs' },
                'aws:RequestTag/kubernetes-service-account': 'fluent-bit',
              },
            },
          },
        ],
      },
    });
    // Its name is part of what a deployed stage keeps.
    expect(ApplicationLogGroup?.Properties).toMatchObject({
      LogGroupName: { 'Fn::Sub': '/aws/containerinsights/${ClusterName}/application' },
    });
    // A pod that starts before its association gets no role.
    expect(template.Resources['ClusterSetup']).toMatchObject({
      DependsOn: expect.arrayContaining(['ContainerLogsIdentity']),
    });
  });

  test('has nodes in private subnets only', () => {
    for (const [, subnet] of ofType(template, 'AWS::EC2::Subnet'))
      expect(subnet['MapPublicIpOnLaunch']).toBe(false);
    const { ResourcesVpcConfig } = one('AWS::EKS::Cluster') as {
      ResourcesVpcConfig: { SubnetIds: { Ref: string }[] };
    };
    expect(ResourcesVpcConfig.SubnetIds.map(({ Ref }) => Ref)).toEqual([
      'FirstPrivateSubnet',
      'SecondPrivateSubnet',
    ]);
  });
});
