import * as z from 'zod';
import { printable } from './table.ts';

/** A log line of data_processor; it may have more fields. */
const LogLine = z.looseObject({ time: z.string(), level: z.string(), message: z.string() });

/** Fields that every line has. They are printed in a fixed place, or the reader knows them. */
const fixedFields = ['time', 'level', 'message', 'jobId', 'attempt'];

/** Renders a log line: attempt, time, level, message, then other fields as name=value. Text in another format stays unchanged. */
export function renderLogLine(attempt: number, text: string): string {
  const line = LogLine.safeParse(parseJson(text)).data;
  if (line === undefined) return `${attempt}  ${printable(text)}`;
  const others = Object.entries(line)
    .filter(([name]) => !fixedFields.includes(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return `${attempt}  ${line.time}  ${[line.level.padEnd(5), line.message, ...others].map(printable).join(' ')}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Compares the last lines of a log from one read to the next, and finds the new ones. */
export class LogWindow {
  #previous: readonly string[] = [];

  /** @returns the lines after those of the previous call; all of them if none of those is left. */
  newLines(lines: readonly string[]): readonly string[] {
    const previous = this.#previous;
    this.#previous = lines;
    for (let overlap = Math.min(previous.length, lines.length); overlap > 0; overlap -= 1) {
      const start = previous.length - overlap;
      if (lines.slice(0, overlap).every((line, index) => line === previous[start + index]))
        return lines.slice(overlap);
    }
    return lines;
  }
}
