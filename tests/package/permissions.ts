import * as z from 'zod';
import type { Template } from '../harness/package/packaged.ts';

const list = <Item extends z.ZodType>(item: Item) => z.union([item.transform((one) => [one]), z.array(item)]);

const Statement = z.looseObject({
  Effect: z.enum(['Allow', 'Deny']),
  Action: list(z.string()),
  Resource: list(z.unknown()),
});
const Policy = z.looseObject({ PolicyDocument: z.looseObject({ Statement: z.array(Statement) }) });
const Role = z.looseObject({
  Policies: z
    .array(
      z.union([
        Policy,
        // A resource under a condition is judged as if it always existed.
        z
          .object({ 'Fn::If': z.tuple([z.string(), Policy, z.unknown()]) })
          .transform((choice) => choice['Fn::If'][1]),
      ]),
    )
    .default([]),
  ManagedPolicyArns: z.array(z.object({ 'Fn::Sub': z.string() })).default([]),
});

/** The statements of one role, each with its actions and resources. */
export type Permission = z.infer<typeof Statement>;

const rolesOf = ({ Resources }: Template): [string, z.infer<typeof Role>][] =>
  Object.entries(Resources)
    .filter(([, { Type }]) => Type === 'AWS::IAM::Role')
    .map(([name, { Properties }]) => [name, Role.parse(Properties)]);

/** Reads the permissions that the template defines, by the roles' logical ids. */
export const permissionsOf = (template: Template): Record<string, Permission[]> =>
  Object.fromEntries(
    rolesOf(template).map(([name, { Policies }]) => [
      name,
      Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
    ]),
  );

/** Reads the managed policies of AWS, by the roles' logical ids. */
export const managedPoliciesOf = (template: Template): Record<string, string[]> =>
  Object.fromEntries(
    rolesOf(template).map(([name, { ManagedPolicyArns }]) => [
      name,
      ManagedPolicyArns.map((arn) => arn['Fn::Sub'].replace(/^.*\//, '')),
    ]),
  );

const services: Record<string, string> = {
  AWSStepFunctions: 'states',
  DynamoDB_20120810: 'dynamodb',
  Query: 'cloudformation',
};

const scheduler: Record<string, string> = {
  'POST /schedules/{Name}': 'scheduler:CreateSchedule',
  'PUT /schedules/{Name}': 'scheduler:UpdateSchedule',
  'DELETE /schedules/{Name}': 'scheduler:DeleteSchedule',
};

/** Returns the IAM action for a call, from the header in which the AWS SDK names it, or from method and path. */
export function actionOf(target: string): string {
  const rest = scheduler[target];
  if (rest !== undefined) return rest;
  const [service = '', operation = ''] = target.split('.');
  const prefix = services[service];
  if (prefix === undefined) throw new Error(`the IAM prefix of ${target} is not known`);
  return `${prefix}:${operation}`;
}
