import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { parseExactly } from '../../lib/exact-json.ts';
import { causeOf } from '../../k8s/failure.ts';
import { WrongUsage } from '../failure.ts';

/** More than the API takes in any encoding, in bytes: what is larger need not be read to its end. */
const largest = 1024 * 1024;

/**
 * The input of a job: JSON, `@file` or `-` for standard input. Numbers keep every digit.
 * @throws WrongUsage when it cannot be read or is no JSON object.
 */
export async function readInput(argument: string, standardInput: Readable): Promise<object> {
  const text = await textOf(argument, standardInput);
  let value: unknown;
  try {
    value = parseExactly(text);
  } catch (error) {
    throw new WrongUsage(`--input is not JSON: ${causeOf(error)}`, [
      `Allowed: JSON, as '{"source": "synthetic"}'; @FILE; or - for standard input.`,
    ]);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new WrongUsage('--input is no JSON object', [`Allowed: an object, as '{"source": "synthetic"}'.`]);
}

async function textOf(argument: string, standardInput: Readable): Promise<string> {
  if (argument === '-') return await readAll(standardInput, 'standard input');
  if (!argument.startsWith('@')) return argument;
  const path = argument.slice(1);
  return await readAll(createReadStream(path), path);
}

async function readAll(stream: Readable, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > largest) break;
    }
  } catch (error) {
    throw new WrongUsage(`--input: ${what} cannot be read: ${causeOf(error)}`);
  }
  if (size <= largest) return Buffer.concat(chunks).toString('utf8');
  throw new WrongUsage(`--input: ${what} holds more than ${largest} bytes`, [
    'A job takes 240,000 at most. Put large data into S3 and send its URI.',
  ]);
}
