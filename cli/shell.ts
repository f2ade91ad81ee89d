import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';

/** A stream that may be a terminal, as process.stdout and process.stderr are. */
export type Screen = Writable & { isTTY?: boolean; columns?: number };

/** What the command was started from, and how it ends. */
export interface Shell {
  /** What was asked for, and nothing else: it may go into a pipe. */
  out: Screen;
  /** Progress, hints and errors. */
  err: Screen;
  input: Readable;
  /** Aborted by Ctrl-C and by signals that end a process. */
  interrupted: AbortSignal;
}

type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

/** Colours a text for one of the screens. */
export type Paint = (colour: Colour, text: string) => string;

/** Colours only on a terminal, and not where NO_COLOR or `--no-color` says so. */
export const painter =
  (screen: Screen, wanted: boolean): Paint =>
  (colour, text) =>
    wanted && text !== '' ? styleText(colour, text, { stream: screen, validateStream: true }) : text;

/** How many columns a line may take; undefined where nobody reads it on a screen. */
export const widthOf = ({ isTTY, columns }: Screen): number | undefined => (isTTY ? columns : undefined);
