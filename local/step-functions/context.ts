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
      StartTime: timestamp(execution.started),
      RedriveCount: execution.redrive_count,
      ...(execution.redriven === null ? {} : { RedriveTime: timestamp(execution.redriven) }),
    },
    State: {
      Name: visit.name,
      EnteredTime: timestamp(visit.entered.time),
      RetryCount: visit.retryCount,
    },
    StateMachine: {
      Id: execution.machine_arn,
      Name: execution.machine_arn.slice(execution.machine_arn.lastIndexOf(':') + 1),
    },
    ...(visit.token === undefined ? {} : { Task: { Token: visit.token } }),
    ...(item === undefined
      ? {}
      : { Map: { Item: { Index: item.Index, Value: item.Value, Source: 'STATE_DATA' } } }),
  };
}

/** "When a timestamp has zero fractional seconds, the trailing zeros are removed" (the same page). */
function timestamp(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
