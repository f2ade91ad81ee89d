import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { parse } from 'yaml';
import * as z from 'zod';

/** What local/ takes from the files that are deployed, so that what runs here is what runs there (promise 3). */

const RouteKey = z.string().regex(/^(GET|POST|PUT|PATCH|DELETE) \/\S*$/);

const Functions = z.record(
  z.string(),
  z.object({
    handler: z.string(),
    timeout: z.number().optional(),
    events: z
      .array(z.looseObject({ httpApi: RouteKey.optional(), schedule: z.string().optional() }))
      .optional(),
  }),
);

const ServerlessFile = z.object({
  provider: z.object({ timeout: z.number() }),
  functions: Functions,
});

/** One Lambda function: its module and export, and its time limit in seconds. */
export interface FunctionDefinition {
  name: string;
  module: string;
  export: string;
  timeoutSeconds: number;
  routes: string[];
}

// CloudFormation's tags (!Sub, !GetAtt) mean nothing here: they become plain values.
const parseYaml = (path: string): unknown => parse(readFileSync(path, 'utf8'), { logLevel: 'silent' });

/** The functions of serverless.yml, with the routes of the HTTP API that lead to them. */
export function readFunctions(root: string): FunctionDefinition[] {
  const { provider, functions } = ServerlessFile.parse(parseYaml(join(root, 'serverless.yml')));
  return Object.entries(functions).map(([name, { handler, timeout, events }]) => {
    const dot = handler.lastIndexOf('.');
    return {
      name,
      module: join(root, `${handler.slice(0, dot)}.ts`),
      export: handler.slice(dot + 1),
      timeoutSeconds: timeout ?? provider.timeout,
      routes: (events ?? []).flatMap(({ httpApi }) => httpApi ?? []),
    };
  });
}

const TableFile = z.object({
  Resources: z.object({
    JobsTable: z.object({
      Properties: z.looseObject({ TimeToLiveSpecification: z.object({ AttributeName: z.string() }) }),
    }),
  }),
});

/** The table of resources/table.yml, as CreateTable wants it. */
export function readTable(
  root: string,
  name: string,
): { table: CreateTableCommandInput; timeToLive: string } {
  const { Properties } = TableFile.parse(parseYaml(join(root, 'resources', 'table.yml'))).Resources.JobsTable;
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = TableProperties.parse(Properties);
  return {
    table: {
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions,
      KeySchema,
      GlobalSecondaryIndexes,
    },
    timeToLive: Properties.TimeToLiveSpecification.AttributeName,
  };
}

const KeySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const TableProperties = z.object({
  AttributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema,
  GlobalSecondaryIndexes: z.array(
    z.object({
      IndexName: z.string(),
      KeySchema,
      Projection: z.object({
        ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
        NonKeyAttributes: z
          .array(z.string())
          .optional()
          .transform((names) => names ?? []),
      }),
    }),
  ),
});

/**
 * The state machine of statemachines/run-job.asl.yml as JSON text, its #{Name} filled in as Fn::Sub would.
 * @throws Error naming a #{Name} that has no value.
 */
export function readStateMachine(root: string, values: Readonly<Record<string, string>>): string {
  const definition = parseYaml(join(root, 'statemachines', 'run-job.asl.yml'));
  return JSON.stringify(definition).replaceAll(/#\{([^}]+)\}/g, (_token, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`run-job.asl.yml: there is no value for #{${name}}`);
    return JSON.stringify(value).slice(1, -1);
  });
}
