import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { describeError } from '../lib/describe-error.ts';
import { parseExactly } from '../lib/exact-json.ts';
import { WrongUsage } from './failure.ts';

/** In bytes; more than the API accepts in any encoding, so that a larger input need not be read to its end. */
const maximumInputBytes = 1024 * 1024;

/**
 * Reads the input of a job: JSON, `@file`, or `-` for standard input. Numbers keep every digit.
 * @throws WrongUsage when it cannot be read or is not a JSON object.
 */
export async function readInput(argument: string, standardInput: Readable): Promise<object> {
  const text = await readText(argument, standardInput);
  let value: unknown;
  try {
    value = parseExactly(text);
  } catch (error) {
    throw new WrongUsage(`--input is not JSON: ${describeError(error)}`, [
      `Allowed: JSON such as '{"source": "synthetic"}'; @FILE; or - for standard input.`,
    ]);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new WrongUsage('--input is not a JSON object', [
    `Allowed: an object such as '{"source": "synthetic"}'.`,
  ]);
}

async function readText(argument: string, standardInput: Readable): Promise<string> {
  if (argument === '-') return await readAll(standardInput, 'standard input');
  if (!argument.startsWith('@')) return argument;
  const path = argument.slice(1);
  return await readAll(createReadStream(path), path);
}

async function readAll(stream: Readable, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maximumInputBytes) break;
    }
  } catch (error) {
    throw new WrongUsage(`--input: ${name} cannot be read: ${describeError(error)}`);
  }
  if (size <= maximumInputBytes) return Buffer.concat(chunks).toString('utf8');
  throw new WrongUsage(`--input: ${name} is larger than ${maximumInputBytes} bytes`, [
    'The limit is 240,000 bytes. Put large data into S3 and send its URI.',
  ]);
}
