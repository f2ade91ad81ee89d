import { createHash } from 'node:crypto';
import jsonata from 'jsonata';

/** Where the functions that give another value each time get it from: the same for the same place in an execution. */
export interface Chance {
  /** The time of $now() and $millis(). */
  now: number;
  /** Where $random() and $uuid() draw from. */
  seed: string;
}

/** The functions that AWS adds to JSONata, replaces or takes away (developer guide, "Transforming data with JSONata"). */
export function functions({ now, seed }: Chance): Record<string, unknown> {
  let drawn = 0;
  const draw = () => digestOf(`${seed}/${drawn++}`);
  return {
    eval: undefined,
    now: (picture?: string, timezone?: string) =>
      NOW.evaluate(undefined, { time: now, picture, timezone }) as Promise<unknown>,
    millis: () => now,
    random: (given?: unknown) =>
      unitInterval(given === undefined ? draw() : digestOf(`seed/${JSON.stringify(given)}`)),
    uuid: () => uuid(draw()),
    partition,
    range,
    hash,
    parse: (text: string): unknown => JSON.parse(text),
  };
}

const NOW = jsonata('$fromMillis($time, $picture, $timezone)');

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
