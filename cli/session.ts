import { Command } from 'commander';
import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';
import { ApiClient, type ApiResponse } from './api/client.ts';
import { resolveConnection, type ConnectionOptions } from './connection.ts';
import { exitCodes } from './exit-codes.ts';

/** A stream that may be a terminal, as process.stdout and process.stderr are. */
export type Screen = Writable & { isTTY?: boolean; columns?: number };

/** The streams and signals of the process that runs a command line. */
export interface Shell {
  /** Only the requested data: it may go into a pipe. */
  out: Screen;
  /** Progress, hints and errors. */
  err: Screen;
  input: Readable;
  /** Aborted by Ctrl-C and by signals that end a process. */
  interrupted: AbortSignal;
}

/** What every command is built with. */
export interface CommandContext {
  shell: Shell;
  /** The action of the command that runs sets it. */
  exit: { code: number };
}

type Colour = 'red' | 'green' | 'yellow' | 'cyan';

/** Colours a text for one of the screens. */
export type Paint = (colour: Colour, text: string) => string;

/** Makes a Paint that colours only on a terminal, and not if NO_COLOR or `--no-color` is set. */
export const painter =
  (screen: Screen, enabled: boolean): Paint =>
  (colour, text) =>
    enabled && text !== '' ? styleText(colour, text, { stream: screen, validateStream: true }) : text;

/** The number of columns of a terminal; undefined in a pipe or a file. */
export const widthOf = ({ isTTY, columns }: Screen): number | undefined => (isTTY ? columns : undefined);

/** The options that every command has. */
export interface GlobalOptions extends ConnectionOptions {
  retries: number;
  output: 'table' | 'json';
  color: boolean;
}

/** Turns data into text for people. @param width of the terminal; undefined in a pipe. */
export type Render<Data> = (data: Data, paint: Paint, width?: number) => string;

/** What the action of a command works with: the API, and the shell that started it. */
export interface CommandSession {
  api: ApiClient;
  /** Opens another API than the one of the command line. */
  openApi: (options: ConnectionOptions) => ApiClient;
  shell: Shell;
  options: GlobalOptions;
  /** Prints a response to standard output: unchanged with `--output json`, else rendered. */
  printResponse: <Body>(response: ApiResponse<Body>, render: Render<Body>) => void;
  /** Renders data to standard output. */
  print: <Data>(data: Data, render: Render<Data>) => void;
  /** Prints a line about the command's work to standard error. */
  report: (line: string) => void;
}

/** Opens a session with the options of a command line. @throws WrongUsage when the options contradict each other. */
export function openSession(command: Command, shell: Shell): CommandSession {
  const options = command.optsWithGlobals<GlobalOptions>();
  const print: CommandSession['print'] = (data, render) => {
    shell.out.write(render(data, painter(shell.out, options.color), widthOf(shell.out)));
  };
  const report = (line: string): void => {
    shell.err.write(`eks-jobs: ${line}\n`);
  };
  const openApi = (connection: ConnectionOptions): ApiClient =>
    new ApiClient({
      connection: resolveConnection(connection),
      retries: options.retries,
      signal: shell.interrupted,
      onRetry: (reason) => {
        report(`${reason}; retrying`);
      },
    });
  return {
    ...{ api: openApi(options), openApi, shell, options, print, report },
    printResponse: ({ text, body }, render) => {
      if (options.output === 'json') shell.out.write(`${text.trimEnd()}\n`);
      else print(body, render);
    },
  };
}

/**
 * What a command does. It gets the arguments of the command line in their order.
 * @returns the exit code; undefined means 0.
 */
export type Action<Options> = (
  session: CommandSession,
  options: Options,
  ...arguments_: string[]
) => Promise<number | undefined>;

/** Makes a command without options: its name, its description, and examples for the end of its help. */
export const newCommand = (name: string, description: string, examples: readonly string[]): Command =>
  new Command(name)
    .description(description)
    .allowExcessArguments(false)
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}\n`).join('')}`);

/** Sets the action of a command. */
export const withAction = <Options extends object>(
  command: Command,
  { shell, exit }: CommandContext,
  action: Action<Options>,
): Command =>
  command.action(async (...parameters: unknown[]) => {
    const arguments_ = parameters.slice(0, command.registeredArguments.length) as string[];
    const code = await action(openSession(command, shell), command.opts<Options>(), ...arguments_);
    exit.code = code ?? exitCodes.done;
  });
