import Table from 'cli-table3';

/** No lines, two spaces between columns: what kubectl's users know, and awk can read. */
const bare = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};

/** The least that is left of a last column that has to give way. */
const narrowest = 20;

type Rows = readonly (readonly string[])[];

/**
 * Rows under a head, ending in a line end; columns as wide as what is in them.
 * @param width of the screen: the last column is cut to what is left of it; undefined cuts nothing.
 */
export function table(head: readonly string[], rows: Rows, width?: number): string {
  const whole = layOut(head, rows);
  if (width === undefined || whole.width <= width) return textOf(whole);
  const before = layOut(
    head.slice(0, -1),
    rows.map((row) => row.slice(0, -1)),
  ).width;
  const last = Math.max(narrowest, width - before - bare.middle.length);
  return textOf(layOut(head, rows, [...head.slice(1).map(() => null), last]));
}

/** Names and what they stand for, a line each, never cut; what is empty is left out. */
export const details = (fields: readonly (readonly [string, string])[]): string =>
  table(
    ['', ''],
    fields.filter(([, value]) => value !== ''),
  ).replace(/^.*\n/, '');

function layOut(head: readonly string[], rows: Rows, colWidths: (number | null)[] = []): Table.Table {
  const laidOut = new Table({
    head: [...head],
    colWidths,
    chars: bare,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  laidOut.push(...rows.map((row) => [...row]));
  return laidOut;
}

const textOf = (laidOut: Table.Table): string =>
  laidOut
    .toString()
    .split('\n')
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
