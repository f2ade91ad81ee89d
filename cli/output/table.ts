import { stripVTControlCharacters } from 'node:util';

/** Between columns: as kubectl prints tables, which awk can read. */
const gap = '  ';

/** The minimum width of a last column that is cut. */
const narrowest = 20;

/**
 * Lays out rows under a head. A column is as wide as its widest cell; every line ends in a line feed.
 * @param width of the terminal: the last column is cut to what is left of it; without it nothing is cut.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width = Infinity,
): string {
  const widths = head.map((title, column) =>
    Math.max(visibleWidth(title), ...rows.map((row) => visibleWidth(row[column] ?? ''))),
  );
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + gap.length, 0);
  const lastWidth = Math.max(narrowest, width - before);
  return [head, ...rows]
    .map((row) => {
      const cells = row.map((cell, column) =>
        column === head.length - 1 ? truncate(cell, lastWidth) : pad(cell, widths[column] ?? 0),
      );
      return `${cells.join(gap).trimEnd()}\n`;
    })
    .join('');
}

/** Lays out names and values, one pair per line, never cut; empty values are left out. */
export const renderFields = (fields: readonly (readonly [string, string])[]): string =>
  renderTable(
    ['', ''],
    fields.filter(([, value]) => value !== ''),
  ).replace(/^.*\n/, '');

const pad = (cell: string, width: number): string => cell + ' '.repeat(width - visibleWidth(cell));

function truncate(cell: string, width: number): string {
  if (visibleWidth(cell) <= width) return cell;
  let kept = '';
  let used = 0;
  for (const character of cell) {
    used += visibleWidth(character);
    if (used > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Characters that take two columns of a terminal, and those that take none. */
const wide = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/gu;
const combining = /\p{Mark}/gu;

const visibleWidth = (text: string): number =>
  Array.from(stripVTControlCharacters(text).replace(wide, '  ').replace(combining, '')).length;

/**
 * Makes a text that others wrote safe for a terminal, and one line: no escape sequence moves the cursor or changes colours, and no
 * line break starts another line.
 */
export const printable = (text: string): string =>
  stripVTControlCharacters(text).replaceAll(
    // Control characters, and marks that change the direction of the text after them.
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => {
      const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
      return escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );

/** Formats labels or resources as key=value, as the API's query and people write them. */
export const formatPairs = (pairs: Readonly<Record<string, string>>): string =>
  Object.entries(pairs)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** Formats a duration: 850ms, 12s, 3m20s, 2h5m. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))}ms`;
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours > 0) return minutes > 0 ? `${hours}h${minutes}m` : `${hours}h`;
  if (minutes > 0) return rest > 0 ? `${minutes}m${rest}s` : `${minutes}m`;
  return `${rest}s`;
}

/** Formats the duration between two RFC 3339 times; empty if one is missing. */
export const durationBetween = (from: string | undefined, to: string | undefined): string =>
  from === undefined || to === undefined ? '' : formatDuration(Date.parse(to) - Date.parse(from));

/** Formats a time without its fraction of a second, as `--from` and `--to` accept it. */
export const formatTime = (text: string | undefined): string => (text ?? '').replace(/\.\d+Z$/, 'Z');
