import { stripVTControlCharacters } from 'node:util';

/**
 * A text that others wrote, safe for a terminal and in one line: no escape sequence moves the cursor or recolours what is around
 * it, no line end begins a line of its own.
 */
export const printable = (text: string): string =>
  stripVTControlCharacters(text).replaceAll(
    // Controls, and marks that turn the direction of what follows.
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => {
      const known: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
      return known[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );

/** How long something took, as people say it: 850ms, 12s, 3m20s, 2h5m. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))}ms`;
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours > 0) return minutes > 0 ? `${hours}h${minutes}m` : `${hours}h`;
  if (minutes > 0) return rest > 0 ? `${minutes}m${rest}s` : `${minutes}m`;
  return `${rest}s`;
}

/** Between two times of RFC 3339; empty where one is missing. */
export const between = (from: string | undefined, to: string | undefined): string =>
  from === undefined || to === undefined ? '' : duration(Date.parse(to) - Date.parse(from));

/** A time without its fraction: what `--from` and `--to` take. */
export const moment = (text: string | undefined): string => (text ?? '').replace(/\.\d+Z$/, 'Z');
