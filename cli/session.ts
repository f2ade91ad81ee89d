import type { Command } from 'commander';
import { ApiClient, type Answer } from './api/client.ts';
import { connectionOf, type ConnectionOptions } from './connection.ts';
import { painter, type Paint, type Shell, widthOf } from './shell.ts';

/** What every command takes. */
export interface GlobalOptions extends ConnectionOptions {
  retries: number;
  output: 'table' | 'json';
  color: boolean;
}

/** What a command works with: the API, and the shell that it was started from. */
export interface Session {
  api: ApiClient;
  /** Another API than the command line names. */
  openApi: (where: ConnectionOptions) => ApiClient;
  shell: Shell;
  options: GlobalOptions;
  /** Shows an answer: as it came, or as people read it. */
  show: <Body>(answer: Answer<Body>, render: (body: Body, paint: Paint, width?: number) => string) => void;
  /** Shows what people asked for. */
  print: (render: (paint: Paint, width?: number) => string) => void;
  /** Tells the user something that is not what they asked for. */
  say: (line: string) => void;
}

/** @throws WrongUsage when the options cannot be used together. */
export function openSession(command: Command, shell: Shell): Session {
  const options = command.optsWithGlobals<GlobalOptions>();
  const print: Session['print'] = (render) => {
    shell.out.write(render(painter(shell.out, options.color), widthOf(shell.out)));
  };
  const say = (line: string): void => {
    shell.err.write(`eks-jobs: ${line}\n`);
  };
  const openApi = (where: ConnectionOptions): ApiClient =>
    new ApiClient({
      connection: connectionOf(where),
      retries: options.retries,
      signal: shell.interrupted,
      onRetry: (reason) => {
        say(`${reason}; trying again`);
      },
    });
  return {
    api: openApi(options),
    openApi,
    shell,
    options,
    show: ({ text, body }, render) => {
      if (options.output === 'json') shell.out.write(`${text.trimEnd()}\n`);
      else print((paint, width) => render(body, paint, width));
    },
    print,
    say,
  };
}
