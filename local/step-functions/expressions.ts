import { createHash } from 'node:crypto';
import jsonata from 'jsonata';
import type { Json } from './json.ts';
import { isJsonObject } from './json.ts';

/** What an expression may see, and nothing else: the same scope always gives the same value. */
export interface Scope {
  variables: Readonly<Record<string, Json>>;
  /** $states: input, context, and result or errorOutput where there is one. */
  states: Readonly<Record<string, Json>>;
  /** The time of $now() and $millis(). */
  now: number;
  /** Where $random() and $uuid() draw from, together with the field. */
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

/** The source of a JSONata string. "{%" and "%}" must be its very first and last characters (ASL spec). */
export function expressionSource(text: string): string | undefined {
  return text.startsWith('{%') && text.endsWith('%}') && text.length >= 4
    ? text.slice(2, -2).trim()
    : undefined;
}

/** Evaluates one expression, or throws an ExpressionProblem. */
export async function evaluateExpression(source: string, field: string, scope: Scope): Promise<Json> {
  let value: unknown;
  try {
    value = await compile(source).evaluate(undefined, bindings(scope, field));
  } catch (error) {
    throw new ExpressionProblem(source, field, `threw an error during evaluation. ${reason(error)}`);
  }
  if (value === undefined) throw new ExpressionProblem(source, field, 'returned nothing (undefined).');
  const json = toJson(value);
  if (json === undefined) throw new ExpressionProblem(source, field, 'returned an unsupported result type.');
  return json;
}

const compiled = new Map<string, jsonata.Expression>();

/** Compiles an expression, or throws jsonata's error. Machines are few and their texts repeat: compiled once. */
export function compile(source: string): jsonata.Expression {
  let expression = compiled.get(source);
  if (expression === undefined) {
    expression = jsonata(source);
    if (compiled.size >= 10_000) compiled.clear();
    compiled.set(source, expression);
  }
  return expression;
}

/** The names an expression can use: variables, $states, and the functions that AWS adds, replaces or takes away. */
function bindings(scope: Scope, field: string): Record<string, unknown> {
  let drawn = 0;
  const draw = () => createHash('sha256').update(`${scope.seed}/${field}/${drawn++}`).digest();
  return {
    ...scope.variables,
    states: scope.states,
    eval: undefined,
    now: (picture?: string, timezone?: string) =>
      NOW.evaluate(undefined, { time: scope.now, picture, timezone }) as Promise<unknown>,
    millis: () => scope.now,
    random: (seed?: unknown) =>
      unitInterval(
        seed === undefined
          ? draw()
          : createHash('sha256')
              .update(`seed/${JSON.stringify(seed)}`)
              .digest(),
      ),
    uuid: () => uuid(draw()),
    partition,
    range,
    hash,
    parse: (text: string): unknown => JSON.parse(text),
  };
}

const NOW = jsonata('$fromMillis($time, $picture, $timezone)');

function unitInterval(digest: Buffer): number {
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

function uuid(digest: Buffer): string {
  const bytes = Buffer.from(digest.subarray(0, 16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function partition(values: unknown, size: unknown): unknown[][] | undefined {
  if (values === undefined) return undefined;
  const step = typeof size === 'number' ? Math.trunc(size) : 0;
  if (step < 1) throw new Error('The second argument of $partition must be a positive number');
  const list: unknown[] = Array.isArray(values) ? values : [values];
  return Array.from({ length: Math.ceil(list.length / step) }, (_, n) =>
    list.slice(n * step, (n + 1) * step),
  );
}

function range(first: unknown, last: unknown, step: unknown): number[] {
  if (typeof first !== 'number' || typeof last !== 'number' || typeof step !== 'number' || step === 0) {
    throw new Error('$range takes three numbers, the third not zero');
  }
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > 1_000_000) throw new Error('$range would give more than a million values');
  return Array.from({ length }, (_, n) => first + n * step);
}

const ALGORITHMS: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

function hash(content: unknown, algorithm: unknown): string | undefined {
  if (content === undefined) return undefined;
  const name = typeof algorithm === 'string' ? ALGORITHMS[algorithm] : undefined;
  if (name === undefined) throw new Error(`$hash takes one of ${Object.keys(ALGORITHMS).join(', ')}`);
  return createHash(name)
    .update(typeof content === 'string' ? content : JSON.stringify(content))
    .digest('hex');
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
