import type { MapItem } from './branch.ts';
import type { JsonObject } from './json.ts';
import type { Visit } from './visit.ts';

/** The context object, $states.context (developer guide, "Accessing execution data from the Context object"). */
export function contextObject(visit: Visit, item: MapItem | undefined): JsonObject {
  const { execution } = visit.branch.run;
  return {
    Execution: {
      Id: execution.arn,
      Input: visit.branch.run.input,
      Name: execution.name,
      RoleArn: execution.role_arn,
      StartTime: new Date(execution.started).toISOString(),
      RedriveCount: execution.redrive_count,
      ...(execution.redriven === null ? {} : { RedriveTime: new Date(execution.redriven).toISOString() }),
    },
    State: {
      Name: visit.name,
      EnteredTime: new Date(visit.entered.time).toISOString(),
      RetryCount: visit.retryCount,
    },
    StateMachine: {
      Id: execution.machine_arn,
      Name: execution.machine_arn.slice(execution.machine_arn.lastIndexOf(':') + 1),
    },
    ...(visit.token === undefined ? {} : { Task: { Token: visit.token } }),
    ...(item === undefined ? {} : { Map: { Item: { Index: item.Index, Value: item.Value } } }),
  };
}
