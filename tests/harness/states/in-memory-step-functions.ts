import { setImmediate } from 'node:timers/promises';
import {
  type Integration,
  StepFunctions,
  type StepFunctionsOptions,
  type Task,
} from '../../../local/aws/step-functions/index.ts';
import type { Json } from '../../../local/aws/step-functions/json.ts';
import { VirtualClock } from '../virtual-clock.ts';

export const lambdaTask = 'arn:aws:states:::lambda:invoke';

/** Makes an integration that supports every resource but "unknown" ones, and runs tasks as a test defines. */
export function fakeIntegration(run: (task: Task) => Promise<Json>): Integration {
  return { supports: (resource) => !resource.includes('unknown'), run };
}

/** Starts a service in memory, on a virtual clock unless the options hold another. */
export function startStepFunctions(
  options: Partial<StepFunctionsOptions> & { run?: (task: Task) => Promise<Json> } = {},
) {
  const clock = new VirtualClock();
  const { run = () => Promise.resolve(null), ...rest } = options;
  const service = new StepFunctions({
    journal: ':memory:',
    region: 'us-east-1',
    accountId: '123456789012',
    integrations: [fakeIntegration(run)],
    clock,
    random: () => 0.5,
    ...rest,
  });
  return { service, clock };
}

/** Creates a machine of JSONata states and starts it. @returns the ARN of the execution. */
export function execute(service: StepFunctions, machine: object, input: Json = {}): string {
  const name = 'machine';
  const definition = JSON.stringify({ QueryLanguage: 'JSONata', ...machine });
  const { arn } = service.machines.create({
    name,
    definition,
    roleArn: 'arn:aws:iam::123456789012:role/machine',
  });
  return service.startExecution({ stateMachineArn: arn, name: 'one', input: JSON.stringify(input) })
    .executionArn;
}

/** Lets the event loop turn until a condition holds. */
export async function turnUntil(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns > 200_000) throw new Error('the condition never held');
    await setImmediate();
  }
}

/** Lets the event loop turn until an execution ends. */
export async function untilEnded(service: StepFunctions, executionArn: string) {
  await turnUntil(() => service.describeExecution(executionArn).status !== 'RUNNING');
  return service.describeExecution(executionArn);
}

export function eventsOf(service: StepFunctions, executionArn: string) {
  return service.getExecutionHistory({ executionArn, maxResults: 1000 }).events;
}

/** Makes a machine of one Task state. */
export function oneTask(fields: object = {}): object {
  return {
    StartAt: 'Work',
    States: { Work: { Type: 'Task', Resource: lambdaTask, Arguments: {}, End: true, ...fields } },
  };
}

/** Runs one task of an integration. @returns the end of its execution and the types of its events. */
export async function runTask(integration: Integration, Resource: string, Arguments: Json) {
  const { service } = startStepFunctions({ integrations: [integration] });
  const executionArn = execute(service, oneTask({ Resource, Arguments }));
  const { status, output, error, cause } = await untilEnded(service, executionArn);
  const types = eventsOf(service, executionArn).map(({ type }) => type);
  service.close();
  return { status, output: output === null ? null : (JSON.parse(output) as Json), error, cause, types };
}
