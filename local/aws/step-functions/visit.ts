import * as z from 'zod';
import type { Branch, Event } from './branch.ts';
import { VisitScope } from './context.ts';
import type { State } from './state-machine-definition.ts';
import { StateFailure } from './errors.ts';
import { ExpressionProblem, expressionSource, typeName } from './expressions.ts';
import type { Json, JsonObject } from './json.ts';
import { jsonText } from './json.ts';
import { evaluateTemplate, hasExpression } from './templates.ts';

/** The types a field may have to have, as AWS calls them in its causes. */
const KINDS = {
  string: z.string(),
  number: z.number(),
  boolean: z.boolean(),
  array: z.array(z.json()),
};
type Kinds = { [Name in keyof typeof KINDS]: z.infer<(typeof KINDS)[Name]> };

/** One visit to one state, entered when it is made: its input, and the evaluation of its fields. leave.ts ends it. */
export class Visit {
  readonly branch: Branch;
  readonly name: string;
  readonly type: State['Type'];
  readonly input: Json;
  readonly entered: Event;
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
    branch.open = type;
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

  /** Evaluates a field that must have a certain type; one that is not there stays undefined. */
  async evaluateTo<Name extends keyof Kinds, Template extends Json | undefined>(
    template: Template,
    field: string,
    kind: Name,
  ): Promise<Kinds[Name] | (Template extends undefined ? undefined : never)>;
  async evaluateTo(template: Json | undefined, field: string, kind: keyof Kinds): Promise<Json | undefined> {
    if (template === undefined) return undefined;
    const value = await this.evaluate(template, field);
    if (KINDS[kind].safeParse(value).success) return value;
    const source =
      (typeof template === 'string' ? expressionSource(template) : undefined) ?? jsonText(template);
    const problem =
      `returned an unexpected result type. ` +
      `Expected '${kind}', but was '${typeName(value)}' for value: ${jsonText(value)}`;
    throw this.evaluationFailure(new ExpressionProblem(source, field, problem).message, field);
  }

  /** Evaluates a field that must be a number, an integer if nothing else is said, between two bounds. */
  async evaluateWithin<Template extends Json | undefined>(
    template: Template,
    field: string,
    least: number,
    most: number,
    kind?: 'a number',
  ): Promise<number | (Template extends undefined ? undefined : never)>;
  async evaluateWithin(
    template: Json | undefined,
    field: string,
    least: number,
    most: number,
    kind = 'an integer',
  ): Promise<number | undefined> {
    const value = await this.evaluateTo(template, field, 'number');
    if (value === undefined) return undefined;
    if (value >= least && value <= most && (kind === 'a number' || Number.isInteger(value))) return value;
    throw this.evaluationFailure(
      `The ${field} field must be ${kind} between ${least} and ${most} but was: ${value}`,
      field,
    );
  }

  /**
   * Records EvaluationFailed and gives the failure to throw. As recorded on AWS, what fails while a state is being
   * entered points to where StateEntered points, not to StateEntered; only Wait has entered before it looks at its fields.
   */
  evaluationFailure(problem: string, location?: string): StateFailure {
    const error = 'States.QueryEvaluationError';
    const cause = `${this.#preamble()} ${problem}`;
    const entering = this.branch.previous === this.entered.id && this.type !== 'Wait';
    const details = { error, cause, state: this.name, ...(location === undefined ? {} : { location }) };
    const { previous } = entering ? this.entered : this.branch;
    this.branch.record('EvaluationFailed', details, { previous });
    return new StateFailure(error, cause);
  }

  /** A failure of the state itself, with AWS's preamble to the cause. */
  failure(error: string, problem: string): StateFailure {
    return new StateFailure(error, `${this.#preamble()} ${problem}`);
  }

  #preamble(): string {
    return `An error occurred while executing the state '${this.name}' (entered at the event id #${this.entered.id}).`;
  }
}
