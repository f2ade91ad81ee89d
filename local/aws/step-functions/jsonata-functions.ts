import { createHash } from 'node:crypto';
import jsonata from 'jsonata';

/** Where the functions that give another value each time get it from: the same for the same place in an execution. */
export interface Chance {
  /** The time of $now() and $millis(). */
  readonly now: number;
  /** Where $random() and $uuid() draw from, and how often they did. */
  readonly seed: string;
  drawn: number;
}

/** An expression finds its chance under this name, which no variable can have. */
export const CHANCE = '#chance';

/** The functions that AWS adds to JSONata, replaces or takes away (developer guide, "Transforming data with JSONata"). */
export function addFunctions(expression: jsonata.Expression): void {
  expression.assign('eval', undefined);
  for (const [name, implementation] of Object.entries(FUNCTIONS)) {
    expression.registerFunction(name, implementation);
  }
}

const NOW = jsonata('$fromMillis($time, $picture, $timezone)');

const FUNCTIONS = {
  now(this: jsonata.Focus, picture?: string, timezone?: string) {
    const bindings = { time: chanceOf(this).now, picture, timezone };
    return NOW.evaluate(undefined, bindings) as Promise<unknown>;
  },
  millis(this: jsonata.Focus) {
    return chanceOf(this).now;
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

function chanceOf({ environment }: jsonata.Focus): Chance {
  return environment.lookup(CHANCE) as Chance;
}

function draw(focus: jsonata.Focus): Buffer {
  const chance = chanceOf(focus);
  return digestOf(`${chance.seed}/${chance.drawn++}`);
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

function range(...given: unknown[]): number[] {
  const [first = NaN, last = NaN, step = NaN] = given.map(integer);
  if (Number.isNaN(first + last + step) || step === 0) {
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
