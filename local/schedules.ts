import type { Names } from './environment.ts';
import type { Clock } from './aws/clock.ts';
import { Scheduler } from './aws/scheduler/index.ts';
import type { StepFunctions } from './aws/step-functions/index.ts';

/** EventBridge Scheduler with the group that the stack makes; its ticks start executions, by names of its own. */
export function createScheduler(
  database: string,
  names: Names,
  workflow: StepFunctions,
  clock: Clock,
): Scheduler {
  const scheduler = new Scheduler({
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
