import * as z from 'zod';
import type { Branch, BranchEvent, MapItem } from './branch.ts';
import { StateFailure } from './errors.ts';
import { ExpressionProblem, type ExpressionScope, expressionSource, typeName } from './expressions.ts';
import { type Json, type JsonObject, jsonText } from './json.ts';
import type { State } from './state-machine-definition.ts';
import { hasTrait } from './state-traits.ts';
import { evaluateTemplate, hasExpression } from './templates.ts';

/** The types that a field may be required to have, as AWS calls them in its causes. */
const fieldTypes = {
  string: z.string(),
  number: z.number(),
  boolean: z.boolean(),
  array: z.array(z.json()),
};
type FieldTypes = { [Name in keyof typeof fieldTypes]: z.infer<(typeof fieldTypes)[Name]> };

/**
 * One visit to one state, entered when it is constructed: its input, and the evaluation of its fields. state-exit.ts
 * ends it.
 */
export class Visit {
  readonly branch: Branch;
  readonly name: string;
  readonly type: State['Type'];
  readonly input: Json;
  readonly entered: BranchEvent;
  /** How often the state was retried in this visit. */
  retryCount = 0;
  /** The task's token while it is scheduled. */
  token: string | undefined;

  constructor(branch: Branch, name: string, type: State['Type'], input: Json) {
    this.branch = branch;
    this.name = name;
    this.type = type;
    this.input = input;
    const details = { name, input: jsonText(input), inputDetails: { truncated: false } };
    this.entered = branch.record(`${type}StateEntered`, details);
    branch.openState = type;
  }

  /** Evaluates a field of the state; `extra` holds $states.result or $states.errorOutput. */
  async evaluate(
    template: Json,
    field: string,
    extra: JsonObject = {},
    item = this.branch.item,
  ): Promise<Json> {
    if (!hasExpression(template)) return template;
    try {
      return await evaluateTemplate(template, field, new VisitScope(this, extra, item));
    } catch (error) {
      if (error instanceof ExpressionProblem) throw this.evaluationFailure(error.message, error.field);
      throw error;
    }
  }

  /** Evaluates a field that must have a certain type; an absent one stays undefined. */
  async evaluateTo<Name extends keyof FieldTypes, Template extends Json | undefined>(
    template: Template,
    field: string,
    type: Name,
  ): Promise<FieldTypes[Name] | (Template extends undefined ? undefined : never)>;
  async evaluateTo(
    template: Json | undefined,
    field: string,
    type: keyof FieldTypes,
  ): Promise<Json | undefined> {
    if (template === undefined) return undefined;
    const value = await this.evaluate(template, field);
    if (fieldTypes[type].safeParse(value).success) return value;
    const source =
      (typeof template === 'string' ? expressionSource(template) : undefined) ?? jsonText(template);
    const problem =
      `returned an unexpected result type. ` +
      `Expected '${type}', but was '${typeName(value)}' for value: ${jsonText(value)}`;
    throw this.evaluationFailure(new ExpressionProblem(source, field, problem).message, field);
  }

  /** Evaluates a field that must be a number between two bounds, an integer unless `kind` is "a number". */
  async evaluateWithin<Template extends Json | undefined>(
    template: Template,
    field: string,
    minimum: number,
    maximum: number,
    kind?: 'a number',
  ): Promise<number | (Template extends undefined ? undefined : never)>;
  async evaluateWithin(
    template: Json | undefined,
    field: string,
    minimum: number,
    maximum: number,
    kind = 'an integer',
  ): Promise<number | undefined> {
    const value = await this.evaluateTo(template, field, 'number');
    if (value === undefined) return undefined;
    if (value >= minimum && value <= maximum && (kind === 'a number' || Number.isInteger(value)))
      return value;
    throw this.evaluationFailure(
      `The ${field} field must be ${kind} between ${minimum} and ${maximum} but was: ${value}`,
      field,
    );
  }

  /**
   * Records EvaluationFailed and makes the failure to throw. As recorded on AWS, what fails while a state is being
   * entered has the previousEventId of its StateEntered, except in types that enter before they evaluate.
   */
  evaluationFailure(problem: string, location?: string): StateFailure {
    const error = 'States.QueryEvaluationError';
    const cause = `${this.#preamble()} ${problem}`;
    const entering =
      this.branch.previous === this.entered.id && !hasTrait(this.type, 'entersBeforeEvaluation');
    const details = { error, cause, state: this.name, ...(location === undefined ? {} : { location }) };
    const { previous } = entering ? this.entered : this.branch;
    this.branch.record('EvaluationFailed', details, { previous });
    return new StateFailure(error, cause);
  }

  /** Makes a failure of the state itself, with AWS's preamble to the cause. */
  failure(error: string, problem: string): StateFailure {
    return new StateFailure(error, `${this.#preamble()} ${problem}`);
  }

  #preamble(): string {
    return `An error occurred while executing the state '${this.name}' (entered at the event id #${this.entered.id}).`;
  }
}

/** What the expressions of a state may see. */
class VisitScope implements ExpressionScope {
  readonly variables: Readonly<Record<string, Json>>;
  readonly states: JsonObject;
  readonly now: number;
  readonly #visit: Visit;
  readonly #item: MapItem | undefined;

  /** @param extra the fields of $states besides input and context. */
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

/** Makes the context object, $states.context (developer guide, "Accessing execution data from the Context object"). */
function contextObject(visit: Visit, item: MapItem | undefined): JsonObject {
  const { execution } = visit.branch.run;
  return {
    Execution: {
      Id: execution.arn,
      Input: visit.branch.run.input,
      Name: execution.name,
      RoleArn: execution.role_arn,
      StartTime: contextTimestamp(execution.started),
      RedriveCount: execution.redrive_count,
      ...(execution.redriven === null ? {} : { RedriveTime: contextTimestamp(execution.redriven) }),
    },
    State: {
      Name: visit.name,
      EnteredTime: contextTimestamp(visit.entered.time),
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
function contextTimestamp(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
