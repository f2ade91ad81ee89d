import type { MapItem } from './branch.ts';
import type { Scope } from './expressions.ts';
import type { Json, JsonObject } from './json.ts';
import type { Visit } from './visit.ts';

/** What the expressions of a state see. */
export class VisitScope implements Scope {
  readonly variables: Readonly<Record<string, Json>>;
  readonly states: JsonObject;
  readonly now: number;
  readonly #visit: Visit;
  readonly #item: MapItem | undefined;

  /** `extra` is what $states has besides input and context. */
  constructor(visit: Visit, extra: JsonObject, item: MapItem | undefined) {
    this.variables = visit.branch.variables;
    this.states = { input: visit.input, ...extra };
    this.now = visit.branch.last.time;
    this.#visit = visit;
    this.#item = item;
  }

  context(): JsonObject {
    return contextObject(this.#visit, this.#item);
  }

  get seed(): string {
    const { run, path, last } = this.#visit.branch;
    return [run.execution.seed, run.execution.redrive_count, path, last.id, this.#item?.Index].join('/');
  }
}

/** The context object, $states.context (developer guide, "Accessing execution data from the Context object"). */
function contextObject(visit: Visit, item: MapItem | undefined): JsonObject {
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
