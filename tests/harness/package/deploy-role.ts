import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, type ScalarTag, type CollectionTag, YAMLMap, YAMLSeq } from 'yaml';
import * as z from 'zod';
import { root } from './packaged.ts';

/** The roles of the pipeline, .github/deploy-role.yml, as AWS sees them when their stack has been created. */

/** Where the template is. It belongs to a separate stack, not to the service's. */
export const deployRolePath = join(root, '.github', 'deploy-role.yml');

/** What the stack's parameters and AWS fill in. */
export const deployRoleValues = {
  Repository: 'octo-org/jobs',
  Service: 'eks-jobs',
  Stage: 'dev',
  OpenIdConnectProvider: '',
  Provider: 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com',
  'CloudFormationRole.Arn': 'arn:aws:iam::123456789012:role/eks-jobs-deploy-dev-CloudFormationRole-1',
  'DeployRole.Arn': 'arn:aws:iam::123456789012:role/eks-jobs-deploy-dev-DeployRole-1',
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-central-1',
  'AWS::AccountId': '123456789012',
};
export type DeployRoleValues = typeof deployRoleValues;

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const Conditions = z.record(z.string(), z.record(z.string(), oneOrMore));
const Statement = z.strictObject({
  Sid: z.string().default(''),
  Effect: z.literal('Allow'),
  Principal: z.record(z.string(), z.string()).optional(),
  Action: oneOrMore,
  Resource: oneOrMore.default([]),
  Condition: Conditions.default({}),
});

/** One statement of a policy: it allows actions on resources, under conditions. */
export type Statement = z.infer<typeof Statement>;

const Policy = z.looseObject({ Statement: z.array(Statement) });
const Role = z.object({
  Type: z.literal('AWS::IAM::Role'),
  Properties: z.object({
    MaxSessionDuration: z.number().default(3600),
    AssumeRolePolicyDocument: Policy,
    Policies: z.array(z.object({ PolicyName: z.string(), PolicyDocument: Policy })),
  }),
});
const DeployRoles = z.object({
  Parameters: z.record(z.string(), z.looseObject({ AllowedPattern: z.string(), Description: z.string() })),
  Resources: z.looseObject({ DeployRole: Role, CloudFormationRole: Role }),
});

/** Reads the template with CloudFormation's short forms replaced by these values. */
export function readDeployRoles(values: DeployRoleValues = deployRoleValues): z.infer<typeof DeployRoles> {
  const known: Record<string, string> = values;
  const valueOf = (name: string): string => {
    const value = known[name];
    if (value === undefined) throw new Error(`${name} has no value in this test`);
    return value;
  };
  const scalar = (tag: string, resolve: (text: string) => string): ScalarTag => ({ tag, resolve });
  // The stack creates the provider, so the first choice of every !If is the right one.
  const choice: CollectionTag = {
    tag: '!If',
    collection: 'seq',
    resolve: (node) => (node instanceof YAMLSeq ? node.items[1] : node),
  };
  const text = readFileSync(deployRolePath, 'utf8');
  return DeployRoles.parse(
    parse(text, {
      customTags: [
        scalar('!Ref', valueOf),
        scalar('!GetAtt', valueOf),
        scalar('!Sub', (format) =>
          format.replaceAll(/\$\{([^}]+)\}/g, (_token, name: string) => valueOf(name)),
        ),
        choice,
        { tag: '!Equals', collection: 'seq', resolve: () => new YAMLMap() },
      ],
    }),
  );
}

/** Lists what the role may do. */
export const statementsOf = (
  role: 'DeployRole' | 'CloudFormationRole',
  values: DeployRoleValues = deployRoleValues,
): Statement[] =>
  readDeployRoles(values).Resources[role].Properties.Policies.flatMap(
    ({ PolicyDocument }) => PolicyDocument.Statement,
  );

/** Makes the regular expression of a pattern of IAM: `*` is any text, `?` one character. */
const pattern = (text: string, flags = ''): RegExp =>
  new RegExp(
    `^${text
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    flags,
  );

/** Checks whether a pattern of IAM covers an action; the case of actions does not matter. */
export const coversAction = (allowed: string, action: string): boolean => pattern(allowed, 'i').test(action);

/** Checks whether a pattern of IAM covers an ARN. */
export const coversArn = (allowed: string, arn: string): boolean => pattern(allowed).test(arn);
