import * as z from 'zod';
import { printable } from './text.ts';

/** A line as data_processor writes it, whatever else is in it. */
const Line = z.looseObject({ time: z.string(), level: z.string(), message: z.string() });

/** Every line has these; the reader knows them. */
const known = ['time', 'level', 'message', 'jobId', 'attempt'];

/** A log line as people read it: attempt, time, level, message, and the rest as name=value. Text that is no such line stays as it is. */
export function renderLogLine(attempt: number, text: string): string {
  const line = Line.safeParse(jsonOf(text)).data;
  if (line === undefined) return `${attempt}  ${printable(text)}`;
  const rest = Object.entries(line)
    .filter(([name]) => !known.includes(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return `${attempt}  ${line.time}  ${[line.level.padEnd(5), line.message, ...rest].map(printable).join(' ')}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
