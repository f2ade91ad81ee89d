import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Names } from './environment.ts';
import type { Events } from './events.ts';
import type { Functions } from './functions.ts';
import type { JobRunner } from './runners/job-runner.ts';
import { readStateMachine } from './service-definition.ts';
import { parseJson } from './step-functions/json.ts';
import {
  ApiError,
  DynamoDBIntegration,
  EksIntegration,
  LambdaIntegration,
  StepFunctions,
} from './step-functions/index.ts';

/** Step Functions with the integrations that run-job uses, and run-job itself as this repository has it now. */
export function createWorkflow(
  root: string,
  journal: string,
  names: Names,
  functions: Functions,
  runner: JobRunner,
  events: Events,
): StepFunctions {
  const stepFunctions = new StepFunctions({
    journal,
    region: names.region,
    accountId: names.account,
    integrations: [
      new DynamoDBIntegration(new DynamoDBClient()),
      new EksIntegration(runner),
      new LambdaIntegration(async (name, payload) => {
        const { payload: answer, ...error } = await functions.invoke(name, payload);
        return { payload: parseJson(JSON.stringify(answer)), ...error };
      }),
    ],
    onStatusChange: (change) => {
      events.executionStatusChanged(change);
    },
  });
  define(stepFunctions, names, readStateMachine(root, tokens(names)));
  return stepFunctions;
}

/** What the stack's parameters and resources are on one machine. */
const tokens = ({ region, account, service, table }: Names): Record<string, string> => ({
  'AWS::Region': region,
  JobsTable: table,
  'SettleJobLambdaFunction.Arn': `arn:aws:lambda:${region}:${account}:function:${service}-settleJob`,
  ServiceName: service,
  ClusterName: 'local',
  ClusterEndpoint: 'https://127.0.0.1',
  ClusterCertificateAuthority: '',
  JobNamespace: 'eks-jobs',
  JobServiceAccount: 'data-processor',
  JobImage: 'data-processor:local',
  JobCpu: '250m',
  JobMemory: '256Mi',
  JobEndpointUrl: '',
  QueueSeconds: '3600',
});

/** Executions that already run keep the definition they were started with, as on AWS. */
function define(stepFunctions: StepFunctions, names: Names, definition: string): void {
  const { machines } = stepFunctions;
  try {
    machines.update({ stateMachineArn: names.stateMachine, definition });
  } catch (error) {
    if (!(error instanceof ApiError) || error.type !== 'StateMachineDoesNotExist') throw error;
    const roleArn = `arn:aws:iam::${names.account}:role/${names.service}-run-job`;
    machines.create({ name: `${names.service}-run-job`, definition, roleArn });
  }
}
