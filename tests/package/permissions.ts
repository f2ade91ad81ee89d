import * as z from 'zod';
import type { Template } from './packaged.ts';

const list = <Item extends z.ZodType>(item: Item) => z.union([item.transform((one) => [one]), z.array(item)]);

const Statement = z.looseObject({
  Effect: z.enum(['Allow', 'Deny']),
  Action: list(z.string()),
  Resource: list(z.unknown()),
});
const Role = z.looseObject({
  Policies: z.array(z.looseObject({ PolicyDocument: z.looseObject({ Statement: z.array(Statement) }) })),
});

/** What one role is allowed: its statements, each with its actions and resources. */
export type Permission = z.infer<typeof Statement>;

/** The permissions of the roles in a template, by the roles' logical names. */
export const permissionsOf = ({ Resources }: Template): Record<string, Permission[]> =>
  Object.fromEntries(
    Object.entries(Resources)
      .filter(([, { Type }]) => Type === 'AWS::IAM::Role')
      .map(([name, { Properties }]) => [
        name,
        Role.parse(Properties).Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
      ]),
  );

const services: Record<string, string> = { AWSStepFunctions: 'states', DynamoDB_20120810: 'dynamodb' };

/** A transaction needs the actions of the writes in it: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html */
const written: Record<string, string> = { TransactWriteItems: 'UpdateItem' };

/** The IAM action that a call needs, from the header in which the AWS SDK names it. */
export function actionOf(target: string): string {
  const [service = '', name = ''] = target.split('.');
  const operation = written[name] ?? name;
  const prefix = services[service];
  if (prefix === undefined) throw new Error(`no IAM prefix is known for ${target}`);
  return `${prefix}:${operation}`;
}
