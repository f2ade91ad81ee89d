import jsonata from 'jsonata';
import { addFunctions, CHANCE } from './jsonata-functions.ts';
import type { Chance } from './jsonata-functions.ts';
import type { Json } from './json.ts';
import { isJsonObject } from './json.ts';

/** What an expression may see, and nothing else: the same scope always gives the same value. */
export interface Scope {
  variables: Readonly<Record<string, Json>>;
  /** $states: input, and result or errorOutput where there is one. */
  states: Readonly<Record<string, Json>>;
  /** Makes $states.context, for expressions that may see it: it is dear. */
  context?: () => Json;
  /** The time of $now() and $millis(). */
  now: number;
  /** Where $random() and $uuid() draw from, together with the field. It may be a getter. */
  seed: string;
}

/** Why an expression gave no value; the message is the second sentence of AWS's causes. */
export class ExpressionProblem extends Error {
  /** Where it stands in its state: "Output/result". */
  readonly field: string;

  constructor(source: string, field: string, problem: string) {
    super(`The JSONata expression '${source}' specified for the field '${field}' ${problem}`);
    this.field = field;
  }
}

/** As many expressions are remembered: machines are few and their texts repeat. */
const REMEMBERED = 10_000;
const sources = new Map<string, string>();

/** The source of a JSONata string. "{%" and "%}" must be its very first and last characters (ASL spec). */
export function expressionSource(text: string): string | undefined {
  if (!text.startsWith('{%') || !text.endsWith('%}') || text.length < 4) return undefined;
  let source = sources.get(text);
  if (source === undefined) {
    source = text.slice(2, -2).trim();
    if (sources.size >= REMEMBERED) sources.clear();
    sources.set(text, source);
  }
  return source;
}

/** Evaluates one expression, or throws an ExpressionProblem. */
export async function evaluateExpression(source: string, field: string, scope: Scope): Promise<Json> {
  let value: unknown;
  try {
    const { expression, seesContext } = compiled(source);
    value = await expression.evaluate(undefined, {
      ...scope.variables,
      states:
        seesContext && scope.context !== undefined
          ? { ...scope.states, context: scope.context() }
          : scope.states,
      [CHANCE]: new Evaluation(scope, field),
    });
  } catch (error) {
    throw new ExpressionProblem(source, field, `threw an error during evaluation. ${reason(error)}`);
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
const known = new Map<string, Compiled>();

/** Whatever else an expression does with $states, the context object may be in it. */
const WITHOUT_CONTEXT = /\$states\s*\.\s*(input|result|errorOutput)\b/g;

/**
 * AWS gives an expression a second. Here its steps are counted, some second's worth, so that it ends the same way each time
 * it is replayed; and how deep they are nested, which bounds the memory.
 */
const LONGEST = 1_000_000;
const DEEPEST = 10_000;

class Evaluation implements Chance {
  drawn = 0;
  steps = 0;
  depth = 0;
  readonly #scope: Scope;
  readonly #field: string;

  constructor(scope: Scope, field: string) {
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

/** JSONata calls these around each step; what they throw ends the evaluation. */
const hooks: Record<string, (step: unknown, input: unknown, environment: jsonata.Environment) => void> = {
  'jsonata.__evaluate_entry': (_step, _input, environment) => {
    const evaluation = environment.lookup(CHANCE) as Evaluation;
    if (++evaluation.steps > LONGEST) throw new Error('Expression evaluation timeout');
    if (++evaluation.depth > DEEPEST) throw new Error('Stack overflow error');
  },
  'jsonata.__evaluate_exit': (_step, _input, environment) => {
    (environment.lookup(CHANCE) as Evaluation).depth--;
  },
};

/** Compiles an expression, or throws jsonata's error. */
export function compile(source: string): jsonata.Expression {
  return compiled(source).expression;
}

function compiled(source: string): Compiled {
  let found = known.get(source);
  if (found === undefined) {
    const expression = jsonata(source);
    addFunctions(expression);
    for (const [name, hook] of Object.entries(hooks)) {
      Reflect.apply(expression.assign.bind(expression), undefined, [Symbol.for(name), hook]);
    }
    found = { expression, seesContext: source.replace(WITHOUT_CONTEXT, '').includes('$states') };
    if (known.size >= REMEMBERED) known.clear();
    known.set(source, found);
  }
  return found;
}

/** A copy free of JSONata's marks on arrays, which would change what later expressions make of them. */
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

/** JSONata throws objects with a code and a message, the functions above plain errors. */
function reason(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  return 'code' in error ? `${String(error.code)}: ${String(error.message)}` : String(error.message);
}

/** The type of a value as AWS names it in "Expected 'array', but was 'null'". */
export function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return isJsonObject(value) ? 'object' : typeof value;
}
