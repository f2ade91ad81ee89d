import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { localImage } from '../image/build.ts';
import { stackDefaults } from '../plugins/parameters/template.ts';
import type { Clock } from './aws/clock.ts';
import type { Events } from './aws/eventbridge/events.ts';
import type { InvokeLambda } from './aws/invocation.ts';
import { LocalScheduler } from './aws/scheduler/index.ts';
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
import type { ResourceNames } from './environment.ts';
import type { ServiceOptions } from './options.ts';
import { readStateMachine } from './service-definition.ts';

/** Reads the state machine run-job and fills in the stack's parameters and resources as they are on one machine. */
export function readDefinition(
  root: string,
  names: ResourceNames,
  { queueSeconds, cluster }: ServiceOptions,
): string {
  const { region, account, service, table } = names;
  return readStateMachine(root, {
    ...stackDefaults(),
    'AWS::Partition': 'aws',
    'AWS::Region': region,
    JobsTable: table,
    'SettleJobLambdaFunction.Arn': `arn:aws:lambda:${region}:${account}:function:${service}-settleJob`,
    ServiceName: service,
    ClusterName: cluster?.context.replaceAll(/[^0-9A-Za-z_-]/g, '-') ?? 'local',
    'ClusterSetup.Endpoint': 'https://127.0.0.1',
    'ClusterSetup.CertificateAuthority': '',
    JobNamespace: cluster?.namespace ?? 'eks-jobs',
    JobImage: cluster?.image ?? localImage,
    ...(cluster && { JobCpu: cluster.jobCpu, JobMemory: cluster.jobMemory }),
    JobNodeSelector: nodeSelector(cluster?.nodeSelector ?? {}),
    QueueSeconds: String(queueSeconds),
  });
}

/** Writes a node selector as the stack's parameter is written: a JSONata object in single quotes. */
const nodeSelector = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(labels).replaceAll('"', "'");

/** Creates Step Functions with the integrations that run-job uses, and the state machine run-job in it. */
export function createWorkflow(
  journal: string,
  names: ResourceNames,
  definition: string,
  invoke: InvokeLambda,
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
      new LambdaIntegration(invoke),
    ],
    onStatusChange: (change) => {
      events.executionStatusChanged(change);
    },
  });
  defineStateMachine(stepFunctions, names, definition);
  return stepFunctions;
}

/** Creates or updates run-job. Executions that already run keep the definition they were started with, as on AWS. */
function defineStateMachine(
  { machines }: StepFunctions,
  { account, service, stateMachine }: ResourceNames,
  definition: string,
): void {
  try {
    machines.update({ stateMachineArn: stateMachine, definition });
  } catch (error) {
    if (!(error instanceof AwsError) || error.type !== 'StateMachineDoesNotExist') throw error;
    const roleArn = `arn:aws:iam::${account}:role/${service}-run-job`;
    machines.create({ name: `${service}-run-job`, definition, roleArn });
  }
}

/** Creates EventBridge Scheduler with the stack's schedule group. Each firing starts an execution with the name it is given. */
export function createScheduler(
  database: string,
  names: ResourceNames,
  workflow: StepFunctions,
  clock: Clock,
): LocalScheduler {
  const scheduler = new LocalScheduler({
    database,
    region: names.region,
    accountId: names.account,
    clock,
    deliver: (stateMachineArn, name, input) => {
      workflow.startExecution({ stateMachineArn, name, input });
    },
  });
  scheduler.createGroup(names.scheduleGroup, 'stack');
  return scheduler;
}
