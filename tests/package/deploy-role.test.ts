import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { coversAction, coversArn, statementsOf } from '../harness/package/deploy-role.ts';
import { packaged, packagedVariant } from '../harness/package/packaged.ts';
import {
  readResourceHandlers,
  refreshCommand,
  resourceTypesOf,
} from '../harness/package/resource-handlers.ts';
import { managedPoliciesOf } from './permissions.ts';

/** The pipeline deploys and removes with the two roles of .github/deploy-role.yml and needs nothing else. */

const templates = [packaged().template, packagedVariant().template];
const { handlers } = readResourceHandlers();
const allowed = statementsOf('CloudFormationRole').flatMap(({ Action }) => Action);

/** Which service may assume a role. */
const Trust = z.looseObject({
  AssumeRolePolicyDocument: z.object({
    Statement: z.array(z.looseObject({ Principal: z.strictObject({ Service: z.string() }) })),
  }),
});

/** The IAM prefixes of services that have another name in CloudFormation. */
const prefixes: Record<string, string> = { apigatewayv2: 'apigateway', stepfunctions: 'states' };

/** What handlers list but cannot reach here, and the property or feature with which they would. `*` is any text. */
const unreachable: { types: string[]; actions: string[]; why: string }[] = [
  {
    types: ['AWS::DynamoDB::Table'],
    actions: ['kinesis:*'],
    why: 'KinesisStreamSpecification: the table has no stream of Kinesis.',
  },
  {
    types: ['AWS::DynamoDB::Table'],
    actions: ['kms:Decrypt', 'kms:Encrypt', 'kms:ListAliases', 'kms:RevokeGrant'],
    why: 'SSESpecification.KMSMasterKeyId: the policy of AWS’s own key aws/dynamodb allows what the table needs.',
  },
  {
    types: ['AWS::EC2::EIP'],
    actions: ['ec2:AcceptAddressTransfer'],
    why: 'TransferAddress: the address comes from AWS, not from another account.',
  },
  {
    types: ['AWS::EC2::NatGateway'],
    actions: ['ec2:AssignPrivateNatGatewayAddress', 'ec2:UnassignPrivateNatGatewayAddress'],
    why: 'SecondaryPrivateIpAddresses: the gateway has one address.',
  },
  {
    types: ['AWS::EC2::Subnet'],
    actions: ['ec2:AssociateSubnetCidrBlock', 'ec2:DisassociateSubnetCidrBlock'],
    why: 'Ipv6CidrBlock: the network has IPv4 only.',
  },
  {
    types: ['AWS::EC2::VPC'],
    actions: ['ec2:CreateVpcEncryptionControl', 'ec2:ModifyVpcTenancy'],
    why: 'VpcEncryptionControl and InstanceTenancy have their defaults.',
  },
  {
    types: ['AWS::EC2::VPCEndpoint'],
    actions: ['vpc-lattice:*', 'vpce:AllowMultiRegion'],
    why: 'ServiceNetworkArn and ServiceRegion: both endpoints are gateways to services of the same region.',
  },
  {
    types: ['AWS::EC2::VPCGatewayAttachment'],
    actions: ['ec2:AttachVpnGateway', 'ec2:DetachVpnGateway'],
    why: 'VpnGatewayId: the attachment is of an internet gateway.',
  },
  {
    types: ['AWS::EKS::Cluster'],
    actions: ['eks:ActivateCertificateAuthority'],
    why: 'It ends the rotation of a cluster’s certificate authority, which the template does not start.',
  },
  {
    types: ['AWS::IAM::Role'],
    actions: ['iam:PutRolePermissionsBoundary', 'iam:DeleteRolePermissionsBoundary'],
    why: 'PermissionsBoundary: the roles have none.',
  },
  {
    types: ['AWS::Lambda::Function'],
    actions: ['elasticfilesystem:DescribeMountTargets', 's3files:ListMountTargets'],
    why: 'FileSystemConfigs: the functions have no file systems.',
  },
  {
    types: ['AWS::Lambda::Function', 'AWS::StepFunctions::StateMachine'],
    actions: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'],
    why: 'KmsKeyArn and EncryptionConfiguration: AWS’s own keys are used.',
  },
  {
    types: ['AWS::Logs::LogGroup'],
    actions: ['firehose:TagDeliveryStream'],
    why: 'Class DELIVERY: the groups have the standard class.',
  },
  {
    types: ['AWS::S3::Bucket'],
    actions: ['s3tables:*'],
    why: 'MetadataConfiguration: the bucket has no tables of metadata.',
  },
];

/** Lists the actions that the handlers of a type need. CloudFormation's deploys do not call `list`. */
const neededBy = (type: string): string[] => {
  const events = Object.entries(handlers[type] ?? {}).filter(([event]) => event !== 'list');
  return [...new Set(events.flatMap(([, actions]) => actions))];
};

describe('the role that CloudFormation assumes', () => {
  test('is compared with the handlers of every type in the template', () => {
    const missing = resourceTypesOf(templates).filter((type) => !(type in handlers));
    expect({ missing, refresh: refreshCommand }).toEqual({ missing: [], refresh: refreshCommand });
  });

  test('has actions of every service of which the template has resources', () => {
    const known = new Set(allowed.map((action) => action.replace(/:.*$/, '')));
    const needed = resourceTypesOf(templates)
      .map((type) => (type.split('::')[1] ?? '').toLowerCase())
      .map((service) => prefixes[service] ?? service);
    expect([...new Set(needed)].filter((prefix) => !known.has(prefix))).toEqual([]);
  });

  // A missing action fails halfway through a deploy or, worse, a removal: DELETE_FAILED.
  test.each(resourceTypesOf(templates))('can create, change and delete %s', (type) => {
    const explained = unreachable
      .filter(({ types }) => types.includes(type))
      .flatMap(({ actions }) => actions);
    const missing = neededBy(type).filter(
      (action) => ![...allowed, ...explained].some((pattern) => coversAction(pattern, action)),
    );
    expect(missing).toEqual([]);
  });

  // CloudFormation passes the roles of the template to the services that assume them, and attaches AWS's policies to them.
  test('may pass each role to the service that assumes it, and attach its managed policies', () => {
    const statements = statementsOf('CloudFormationRole');
    const conditionOf = (action: string, operator: string, key: string): string[] =>
      statements
        .filter(({ Action }) => Action.includes(action))
        .flatMap(({ Condition }) => Condition[operator]?.[key] ?? []);
    const services = conditionOf('iam:PassRole', 'StringEquals', 'iam:PassedToService');
    const policies = conditionOf('iam:AttachRolePolicy', 'ArnLike', 'iam:PolicyARN');
    for (const template of templates) {
      const trusted = Object.values(template.Resources)
        .filter(({ Type }) => Type === 'AWS::IAM::Role')
        .flatMap(({ Properties }) => Trust.parse(Properties).AssumeRolePolicyDocument.Statement)
        .map(({ Principal }) => Principal.Service);
      expect(trusted.length).toBeGreaterThan(15);
      expect([...new Set(trusted)].filter((service) => !services.includes(service))).toEqual([]);
      const attached = Object.values(managedPoliciesOf(template)).flat();
      const refused = attached.filter(
        (name) => !policies.some((pattern) => coversArn(pattern, `arn:aws:iam::aws:policy/${name}`)),
      );
      expect(refused).toEqual([]);
    }
  });

  // More would fail when the stack of the roles is created. Spaces do not count.
  test.each(['DeployRole', 'CloudFormationRole'] as const)(
    'has no longer policy than IAM accepts: %s',
    (role) => {
      expect(JSON.stringify(statementsOf(role)).length).toBeLessThan(10_240);
    },
  );

  test('needs every exception: a handler lists the action, and the role does not allow it', () => {
    for (const { types, actions } of unreachable) {
      for (const type of types) {
        const matching = neededBy(type).filter((action) =>
          actions.some((pattern) => coversAction(pattern, action)),
        );
        expect({ type, matching }).not.toEqual({ type, matching: [] });
        const granted = matching.filter((action) => allowed.some((pattern) => coversAction(pattern, action)));
        expect(granted).toEqual([]);
      }
      const unused = actions.filter(
        (pattern) => !types.some((type) => neededBy(type).some((action) => coversAction(pattern, action))),
      );
      expect(unused).toEqual([]);
    }
  });
});
