import { createHash } from 'node:crypto';
import jsonata from 'jsonata';

/** The time and the random values of one evaluation: the same each time that it is replayed. */
export interface EvaluationSource {
  /** The time of $now() and $millis(). */
  readonly now: number;
  /** The seed of $random() and $uuid(), and how often they drew a value. */
  readonly seed: string;
  draws: number;
}

/** The binding that holds the EvaluationSource; variables cannot have this name. */
export const sourceBinding = '#source';

/**
 * Adds AWS's functions to an expression, and removes $eval as AWS does (developer guide, "Transforming data with
 * JSONata").
 */
export function addFunctions(expression: jsonata.Expression): void {
  expression.assign('eval', undefined);
  for (const [name, implementation] of Object.entries(awsFunctions)) {
    expression.registerFunction(name, implementation);
  }
}

const formatTime = jsonata('$fromMillis($time, $picture, $timezone)');

const awsFunctions = {
  now(this: jsonata.Focus, picture?: string, timezone?: string) {
    const bindings = { time: sourceOf(this).now, picture, timezone };
    return formatTime.evaluate(undefined, bindings) as Promise<unknown>;
  },
  millis(this: jsonata.Focus) {
    return sourceOf(this).now;
  },
  random(this: jsonata.Focus, seed?: unknown) {
    return unitInterval(seed === undefined ? draw(this) : digestOf(`seed/${JSON.stringify(seed)}`));
  },
  uuid(this: jsonata.Focus) {
    return uuid(draw(this));
  },
  partition,
  range,
  hash,
  parse: (text: string): unknown => JSON.parse(text),
};

function sourceOf({ environment }: jsonata.Focus): EvaluationSource {
  return environment.lookup(sourceBinding) as EvaluationSource;
}

function draw(focus: jsonata.Focus): Buffer {
  const source = sourceOf(focus);
  return digestOf(`${source.seed}/${source.draws++}`);
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function unitInterval(digest: Buffer): number {
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

function uuid(digest: Buffer): string {
  const bytes = Buffer.from(digest.subarray(0, 16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** "Functions that require integer values … will automatically round down any non-integer numbers." */
const integer = (value: unknown): number => (typeof value === 'number' ? Math.floor(value) : NaN);

function partition(values: unknown, size: unknown): unknown[][] | undefined {
  if (values === undefined) return undefined;
  const step = integer(size);
  if (!(step >= 1)) throw new Error('The second argument of $partition must be a positive number');
  const list: unknown[] = Array.isArray(values) ? values : [values];
  return Array.from({ length: Math.ceil(list.length / step) }, (_, n) =>
    list.slice(n * step, (n + 1) * step),
  );
}

function range(...bounds: unknown[]): number[] {
  const [first = NaN, last = NaN, step = NaN] = bounds.map(integer);
  if (Number.isNaN(first + last + step) || step === 0) {
    throw new Error('$range takes three numbers, the third not zero');
  }
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > 1_000_000) throw new Error('$range would give more than a million values');
  return Array.from({ length }, (_, n) => first + n * step);
}

const hashAlgorithms: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

function hash(content: unknown, algorithm: unknown): string | undefined {
  if (content === undefined) return undefined;
  const name = typeof algorithm === 'string' ? hashAlgorithms[algorithm] : undefined;
  if (name === undefined) throw new Error(`$hash takes one of ${Object.keys(hashAlgorithms).join(', ')}`);
  return createHash(name)
    .update(typeof content === 'string' ? content : JSON.stringify(content))
    .digest('hex');
}
