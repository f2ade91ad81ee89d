import jsonata from 'jsonata';
import { isJsonObject, type Json } from './json.ts';
import { addFunctions, type EvaluationSource, sourceBinding } from './jsonata-functions.ts';

/** All that an expression may see: the same scope always gives the same value. */
export interface ExpressionScope {
  variables: Readonly<Record<string, Json>>;
  /** $states: input, and result or errorOutput where there is one. */
  states: Readonly<Record<string, Json>>;
  /** Makes $states.context. It is expensive, so it is only called for expressions that may see it. */
  context?: () => Json;
  /** The time of $now() and $millis(). */
  now: number;
  /** The seed of $random() and $uuid(), together with the field. It may be a getter. */
  seed: string;
}

/** The reason why an expression did not give a value; the message is the second sentence of AWS's causes. */
export class ExpressionProblem extends Error {
  /** The location in its state: "Output/result". */
  readonly field: string;

  constructor(source: string, field: string, problem: string) {
    super(`The JSONata expression '${source}' specified for the field '${field}' ${problem}`);
    this.field = field;
  }
}

/** How many expressions are cached: machines are few and their texts repeat. */
const cacheSize = 10_000;
const sources = new Map<string, string>();

/**
 * Extracts the source of a JSONata string; undefined if the text is not one. "{%" and "%}" must be its very first and
 * last characters (ASL spec).
 */
export function expressionSource(text: string): string | undefined {
  if (!text.startsWith('{%') || !text.endsWith('%}') || text.length < 4) return undefined;
  let source = sources.get(text);
  if (source === undefined) {
    source = text.slice(2, -2).trim();
    if (sources.size >= cacheSize) sources.clear();
    sources.set(text, source);
  }
  return source;
}

/** Evaluates one expression. @throws ExpressionProblem */
export async function evaluateExpression(
  source: string,
  field: string,
  scope: ExpressionScope,
): Promise<Json> {
  let value: unknown;
  try {
    const { expression, seesContext } = compiled(source);
    value = await expression.evaluate(undefined, {
      ...scope.variables,
      states:
        seesContext && scope.context !== undefined
          ? { ...scope.states, context: scope.context() }
          : scope.states,
      [sourceBinding]: new Evaluation(scope, field),
    });
  } catch (error) {
    throw new ExpressionProblem(
      source,
      field,
      `threw an error during evaluation. ${describeEvaluationError(error)}`,
    );
  }
  if (value === undefined) throw new ExpressionProblem(source, field, 'returned nothing (undefined).');
  const json = toJson(value);
  if (json === undefined) throw new ExpressionProblem(source, field, 'returned an unsupported result type.');
  return json;
}

interface Compiled {
  expression: jsonata.Expression;
  seesContext: boolean;
}
const compiledCache = new Map<string, Compiled>();

/** References to $states that cannot see the context object; any other reference may. */
const contextFreeReference = /\$states\s*\.\s*(input|result|errorOutput)\b/g;

/**
 * AWS gives an expression one second. Here its steps are counted, about a second's worth, so that it ends the same way
 * each time it is replayed. The depth of nesting bounds the memory.
 */
const maximumSteps = 1_000_000;
const maximumDepth = 10_000;

class Evaluation implements EvaluationSource {
  draws = 0;
  steps = 0;
  depth = 0;
  readonly #scope: ExpressionScope;
  readonly #field: string;

  constructor(scope: ExpressionScope, field: string) {
    this.#scope = scope;
    this.#field = field;
  }

  get now(): number {
    return this.#scope.now;
  }

  get seed(): string {
    return `${this.#scope.seed}/${this.#field}`;
  }
}

/** JSONata calls these around each step; an error that they throw ends the evaluation. */
const hooks: Record<string, (step: unknown, input: unknown, environment: jsonata.Environment) => void> = {
  'jsonata.__evaluate_entry': (_step, _input, environment) => {
    const evaluation = environment.lookup(sourceBinding) as Evaluation;
    if (++evaluation.steps > maximumSteps) throw new Error('Expression evaluation timeout');
    if (++evaluation.depth > maximumDepth) throw new Error('Stack overflow error');
  },
  'jsonata.__evaluate_exit': (_step, _input, environment) => {
    (environment.lookup(sourceBinding) as Evaluation).depth--;
  },
};

/** Compiles an expression. @throws jsonata's error */
export function compile(source: string): jsonata.Expression {
  return compiled(source).expression;
}

function compiled(source: string): Compiled {
  let entry = compiledCache.get(source);
  if (entry === undefined) {
    const expression = jsonata(source);
    addFunctions(expression);
    for (const [name, hook] of Object.entries(hooks)) {
      Reflect.apply(expression.assign.bind(expression), undefined, [Symbol.for(name), hook]);
    }
    entry = { expression, seesContext: source.replace(contextFreeReference, '').includes('$states') };
    if (compiledCache.size >= cacheSize) compiledCache.clear();
    compiledCache.set(source, entry);
  }
  return entry;
}

/** Copies a value without JSONata's marks on arrays, which would change the results of later expressions. */
function toJson(value: unknown): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (Array.isArray(value)) {
    const list = value.filter((item) => item !== undefined).map(toJson);
    return list.every((item) => item !== undefined) ? list : undefined;
  }
  // JSONata's functions are objects with these marks; a regular expression is a plain function.
  if (typeof value !== 'object' || '_jsonata_lambda' in value || '_jsonata_function' in value)
    return undefined;
  const object: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const json = toJson(item);
    if (json === undefined) return undefined;
    object[key] = json;
  }
  return object;
}

/** Describes an error: JSONata throws objects with a code and a message, the added functions plain errors. */
function describeEvaluationError(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  return 'code' in error ? `${String(error.code)}: ${String(error.message)}` : String(error.message);
}

/** Names the type of a value as AWS does in "Expected 'array', but was 'null'". */
export function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return isJsonObject(value) ? 'object' : typeof value;
}
