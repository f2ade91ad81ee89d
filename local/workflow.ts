import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Names } from './environment.ts';
import type { Events } from './aws/eventbridge/events.ts';
import type { Functions } from './aws/lambda/functions.ts';
import { parseJson } from './aws/step-functions/json.ts';
import {
  DynamoDBIntegration,
  EksCallIntegration,
  EksIntegration,
  type JobRunner,
  LambdaIntegration,
  overHttps,
  StepFunctions,
} from './aws/step-functions/index.ts';
import { AwsError } from './aws/wire.ts';

/** Step Functions with the integrations that run-job uses, and run-job itself. */
export function createWorkflow(
  journal: string,
  names: Names,
  definition: string,
  functions: Functions,
  runner: Pick<JobRunner, 'start'>,
  events: Events,
): StepFunctions {
  const stepFunctions = new StepFunctions({
    journal,
    region: names.region,
    accountId: names.account,
    integrations: [
      new DynamoDBIntegration(new DynamoDBClient()),
      new EksIntegration(runner),
      new EksCallIntegration(overHttps()),
      new LambdaIntegration(async (name, payload) => {
        const { payload: answer, ...error } = await functions.invoke(name, payload);
        return { payload: parseJson(JSON.stringify(answer)), ...error };
      }),
    ],
    onStatusChange: (change) => {
      events.executionStatusChanged(change);
    },
  });
  define(stepFunctions, names, definition);
  return stepFunctions;
}

/** Executions that already run keep the definition they were started with, as on AWS. */
function define(stepFunctions: StepFunctions, names: Names, definition: string): void {
  const { machines } = stepFunctions;
  try {
    machines.update({ stateMachineArn: names.stateMachine, definition });
  } catch (error) {
    if (!(error instanceof AwsError) || error.type !== 'StateMachineDoesNotExist') throw error;
    const roleArn = `arn:aws:iam::${names.account}:role/${names.service}-run-job`;
    machines.create({ name: `${names.service}-run-job`, definition, roleArn });
  }
}
