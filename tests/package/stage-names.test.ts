import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { configuredNames } from '../../plugins/stage-name.ts';
import { longestStage, nameLimits, namesWithStage } from '../../plugins/stage-name/longest-stage.ts';
import {
  coversAction,
  coversArn,
  deployRoleValues,
  readDeployRoles,
  statementsOf,
} from '../harness/package/deploy-role.ts';
import { packaged, packagedVariant, type Template } from '../harness/package/packaged.ts';

/** The names of what the stack creates: they are not too long, and the pipeline's roles cover them. */

const packages = [
  { stage: 'dev', ...packaged() },
  { stage: 'prod', ...packagedVariant() },
];

const Reference = z.strictObject({ $ref: z.string() });
const State = z.object({
  service: z.object({
    functions: z.record(z.string(), z.looseObject({ name: z.string() })),
    resources: z.looseObject({
      Parameters: z.record(z.string(), z.unknown()),
      Resources: z.record(z.string(), z.unknown()),
    }),
    stepFunctions: z.object({ stateMachines: z.record(z.string(), z.looseObject({ name: z.string() })) }),
  }),
});

/** Reads the configuration that the framework stored with the package. It replaces what it stores elsewhere by {"$ref": path}. */
function storedConfiguration(directory: string): z.infer<typeof State> {
  const text = readFileSync(join(directory, 'serverless-state.json'), 'utf8');
  const stored: unknown = JSON.parse(text);
  const valueAt = (path: string): unknown =>
    [...path.matchAll(/\["([^"]+)"\]/g)].reduce<unknown>(
      (value, [, key = '']) => (value as Record<string, unknown> | undefined)?.[key],
      stored,
    );
  return State.parse(
    JSON.parse(text, (_key, value: unknown) => {
      const reference = Reference.safeParse(value);
      return reference.success ? valueAt(reference.data.$ref) : value;
    }),
  );
}

describe('a stage that is too long for AWS', () => {
  test.each(packages)(
    'is found before packaging, with the same limit as in the template: $stage',
    ({ stage, directory, template }) => {
      const { service } = storedConfiguration(directory);
      const { stepFunctions, ...configuration } = service;
      const before = configuredNames(
        { service: { service: 'eks-jobs', ...configuration }, configurationInput: { stepFunctions } },
        stage,
      );
      const inTemplate = longestStage(namesWithStage(template, 'eks-jobs', stage), stage);
      expect(inTemplate?.length).toBeGreaterThan(20);
      expect(longestStage(before, stage)?.length).toBe(inTemplate?.length);
    },
  );

  test.each(packages)('is found by every name that contains the stage: $stage', ({ stage, template }) => {
    const names = Object.values(template.Resources).flatMap(({ Type, Properties = {} }) =>
      Object.entries(Properties)
        .filter(([property, value]) => {
          const text = JSON.stringify(value);
          return property.endsWith('Name') && text.includes(`eks-jobs-${stage}`);
        })
        .map(([property]) => ({ Type, property })),
    );
    expect(names.length).toBeGreaterThan(20);
    const unknown = names.filter(({ Type, property }) => nameLimits[Type]?.property !== property);
    expect(unknown).toEqual([]);
  });
});

/** The ARN of a resource, by its type and name, and an action that the role needs for it. */
const arns: Record<string, { arn: string; action: string }> = {
  'AWS::CloudWatch::Alarm': {
    arn: 'cloudwatch:eu-central-1:123456789012:alarm:',
    action: 'cloudwatch:PutMetricAlarm',
  },
  'AWS::CloudWatch::Dashboard': {
    arn: 'cloudwatch::123456789012:dashboard/',
    action: 'cloudwatch:PutDashboard',
  },
  'AWS::DynamoDB::Table': {
    arn: 'dynamodb:eu-central-1:123456789012:table/',
    action: 'dynamodb:CreateTable',
  },
  'AWS::Events::Rule': { arn: 'events:eu-central-1:123456789012:rule/', action: 'events:PutRule' },
  'AWS::IAM::Role': { arn: 'iam::123456789012:role/', action: 'iam:CreateRole' },
  'AWS::Lambda::Function': {
    arn: 'lambda:eu-central-1:123456789012:function:',
    action: 'lambda:CreateFunction',
  },
  'AWS::Logs::LogGroup': { arn: 'logs:eu-central-1:123456789012:log-group:', action: 'logs:CreateLogGroup' },
  'AWS::S3::Bucket': { arn: 's3:::', action: 's3:CreateBucket' },
  'AWS::Scheduler::ScheduleGroup': {
    arn: 'scheduler:eu-central-1:123456789012:schedule-group/',
    action: 'scheduler:CreateScheduleGroup',
  },
  'AWS::SQS::Queue': { arn: 'sqs:eu-central-1:123456789012:', action: 'sqs:CreateQueue' },
  'AWS::StepFunctions::StateMachine': {
    arn: 'states:eu-central-1:123456789012:stateMachine:',
    action: 'states:CreateStateMachine',
  },
};

/**
 * Makes a name as CloudFormation generates it: STACK-RESOURCE-SUFFIX. When it would be too long, the name of the resource is cut
 * first, but not below 24 characters, then the name of the stack. AWS does not document this; the rule comes from names in public
 * repositories (the examples below), with a suffix of 13 characters, the longest.
 */
function generatedName(stack: string, resource: string, maximum: number): string {
  const room = maximum - '--'.length - 13;
  const cut = resource.slice(0, Math.max(24, room - stack.length));
  return `${stack.slice(0, room - cut.length)}-${cut}-${'x'.repeat(13)}`;
}

describe('names that CloudFormation generates', () => {
  test.each([
    ['test-aws-go-dev', 'serverlessdeploymentbucket', 63, 'test-aws-go-dev-serverlessdeploymentbucket'],
    [
      'notification-service-dev',
      'serverlessdeploymentbucket',
      63,
      'notification-service-dev-serverlessdeploymentbuck',
    ],
    [
      'lambda-info-http-endpoint-dev',
      'serverlessdeploymentbucket',
      63,
      'lambda-info-http-endpoin-serverlessdeploymentbuck',
    ],
    [
      'aws-sam-cli-managed-default',
      'samclisourcebucket',
      63,
      'aws-sam-cli-managed-default-samclisourcebucket',
    ],
    [
      'CdkStack',
      'CustomS3AutoDeleteObjectsCustomResourceProviderRole',
      64,
      'CdkStack-CustomS3AutoDeleteObjectsCustomResourcePr',
    ],
    [
      'MythicalMysfits-Website',
      'CustomCDKBucketDeployment8693BB64',
      64,
      'MythicalMysfits-Website-CustomCDKBucketDeployment8',
    ],
    [
      'HelloWorldFrontend-us-east-1',
      'CustomS3AutoDeleteObjectsCustomResource',
      64,
      'HelloWorldFrontend-us-eas-CustomS3AutoDeleteObject',
    ],
  ])('are cut as seen in public: %s, %s', (stack, resource, maximum, beginning) => {
    expect(generatedName(stack, resource, maximum)).toBe(`${beginning}-${'x'.repeat(13)}`);
  });
});

/** Lists the ARNs of all resources that have names, given or generated, for a stage. */
function arnsOf(
  { Resources, ...rest }: Template,
  packagedStage: string,
  stage: string,
): { arn: string; action: string }[] {
  const stack = `eks-jobs-${stage}`;
  const given = new Map(
    Object.entries(Resources).map(([id, resource]) => [
      id,
      namesWithStage({ ...rest, Resources: { [id]: resource } }, 'eks-jobs', packagedStage).find(
        ({ of }) => of === nameLimits[resource.Type]?.of,
      )?.name,
    ]),
  );
  return Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]) => {
    const limit = nameLimits[Type];
    const known = arns[Type];
    if (limit === undefined || known === undefined) return [];
    const hasName = limit.property in Properties;
    const name = hasName
      ? given.get(id)?.replace(`eks-jobs-${packagedStage}`, stack)
      : generatedName(stack, id, limit.maximum);
    // A name without the stage belongs to the user's own cluster.
    if (name === undefined) return [];
    const spelled = Type === 'AWS::S3::Bucket' ? name.toLowerCase() : name;
    return [{ arn: `arn:aws:${known.arn}${spelled}`, action: known.action }];
  });
}

const stagePattern = new RegExp(readDeployRoles().Parameters['Stage']?.AllowedPattern ?? '');
const longestAllowed = Math.max(
  ...Array.from({ length: 64 }, (_, length) => (stagePattern.test('s'.repeat(length)) ? length : 0)),
);

/** Lists the resources that the pipeline's role may not create for this stage. */
function uncovered(stage: string): string[] {
  const statements = statementsOf('CloudFormationRole', { ...deployRoleValues, Stage: stage });
  return packages
    .flatMap(({ template, stage: packagedStage }) => arnsOf(template, packagedStage, stage))
    .filter(
      ({ arn, action }) =>
        !statements.some(
          ({ Action, Resource }) =>
            Action.some((pattern) => coversAction(pattern, action)) &&
            Resource.some((pattern) => coversArn(pattern, arn)),
        ),
    )
    .map(({ arn }) => arn);
}

describe('the pipeline’s role covers the names', () => {
  test('of every type that can have one', () => {
    // APIs have generated identifiers, and a cluster may have any name: the role allows them all (deploy-role.yml).
    const any = ['AWS::ApiGatewayV2::Api', 'AWS::EKS::Cluster'];
    expect([...Object.keys(arns), ...any].sort()).toEqual(Object.keys(nameLimits).sort());
  });

  test('of a short stage', () => {
    expect(uncovered('dev')).toEqual([]);
  });

  test('of the longest stage that it accepts, and of no longer one', () => {
    expect(uncovered('s'.repeat(longestAllowed))).toEqual([]);
    expect(uncovered('s'.repeat(longestAllowed + 1))).not.toEqual([]);
  });

  test('of no other stage', () => {
    const statements = statementsOf('CloudFormationRole', { ...deployRoleValues, Stage: 'dev' });
    for (const { template, stage } of packages) {
      for (const { arn, action } of arnsOf(template, stage, 'prod')) {
        const covering = statements.filter(
          ({ Action, Resource }) =>
            Action.some((pattern) => coversAction(pattern, action)) &&
            Resource.some((pattern) => coversArn(pattern, arn)),
        );
        expect({ arn, covering }).toEqual({ arn, covering: [] });
      }
    }
  });

  test('and the role that uploads covers the bucket and what is in it', () => {
    const stage = 's'.repeat(longestAllowed);
    const bucket = generatedName(`eks-jobs-${stage}`, 'serverlessdeploymentbucket', 63);
    const statements = statementsOf('DeployRole', { ...deployRoleValues, Stage: stage });
    for (const [action, arn] of [
      ['s3:ListBucket', `arn:aws:s3:::${bucket}`],
      ['s3:PutObject', `arn:aws:s3:::${bucket}/serverless/eks-jobs/x/createJob.zip`],
    ] as const) {
      const covering = statements.filter(
        ({ Action, Resource }) =>
          Action.includes(action) && Resource.some((pattern) => coversArn(pattern, arn)),
      );
      expect(covering).toHaveLength(1);
    }
  });
});
