import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { parse } from 'yaml';
import * as z from 'zod';
import type { FunctionDefinition } from './aws/lambda/functions.ts';

/** Readers of the files that are deployed: what runs on one machine comes from the same files. */

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

/** A function of serverless.yml, and the keys of its routes, such as `GET /jobs/{jobId}`. */
export interface DeployedFunction extends FunctionDefinition {
  routes: string[];
}

// CloudFormation's tags (!Sub, !GetAtt) become plain values: nothing here reads those values.
const parseYaml = (path: string): unknown => parse(readFileSync(path, 'utf8'), { logLevel: 'silent' });

/** Reads the functions of serverless.yml, with their routes of the HTTP API. */
export function readFunctions(root: string): DeployedFunction[] {
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

/** Reads the table of resources/table.yml, as input of CreateTable. */
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
 * Reads the state machine of statemachines/run-job.asl.yml as JSON text, and fills in every #{Name} as Fn::Sub does.
 * @throws Error naming a #{Name} that has no value.
 */
export function readStateMachine(root: string, values: Readonly<Record<string, string>>): string {
  const definition = parseYaml(join(root, 'statemachines', 'run-job.asl.yml'));
  return JSON.stringify(definition).replaceAll(/#\{([^}]+)\}/g, (_token, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`run-job.asl.yml: #{${name}} has no value`);
    return JSON.stringify(value).slice(1, -1);
  });
}
