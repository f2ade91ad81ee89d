import { setImmediate } from 'node:timers/promises';
import { StepFunctions } from '../../../local/aws/step-functions/index.ts';
import type { Integration, StepFunctionsOptions, Task } from '../../../local/aws/step-functions/index.ts';
import type { Json } from '../../../local/aws/step-functions/json.ts';
import { VirtualClock } from '../virtual-clock.ts';

export const lambdaTask = 'arn:aws:states:::lambda:invoke';

/** An integration that takes every resource but one, and does what a test says. */
export function services(run: (task: Task) => Promise<Json>): Integration {
  return { supports: (resource) => !resource.includes('unknown'), run };
}

/** A service in memory, on a virtual clock unless told otherwise. */
export function start(options: Partial<StepFunctionsOptions> & { run?: (task: Task) => Promise<Json> } = {}) {
  const clock = new VirtualClock();
  const { run = () => Promise.resolve(null), ...rest } = options;
  const service = new StepFunctions({
    journal: ':memory:',
    region: 'us-east-1',
    accountId: '123456789012',
    integrations: [services(run)],
    clock,
    random: () => 0.5,
    ...rest,
  });
  return { service, clock };
}

/** Creates a machine of JSONata states and starts it. */
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
export async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns > 200_000) throw new Error('it never happened');
    await setImmediate();
  }
}

export async function untilEnded(service: StepFunctions, executionArn: string) {
  await until(() => service.describeExecution(executionArn).status !== 'RUNNING');
  return service.describeExecution(executionArn);
}

export function eventsOf(service: StepFunctions, executionArn: string) {
  return service.getExecutionHistory({ executionArn, maxResults: 1000 }).events;
}

/** A machine of one Task state. */
export function oneTask(fields: object = {}): object {
  return {
    StartAt: 'Work',
    States: { Work: { Type: 'Task', Resource: lambdaTask, Arguments: {}, End: true, ...fields } },
  };
}
