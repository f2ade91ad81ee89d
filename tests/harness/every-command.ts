import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { makeProgram } from '../../cli/program.ts';
import type { CommandContext } from '../../cli/session.ts';

/** Makes the context of commands that are inspected and never run. */
export const unusedContext = (): CommandContext => ({
  shell: {
    ...{ out: new PassThrough(), err: new PassThrough(), input: new PassThrough() },
    interrupted: new AbortController().signal,
  },
  exit: { code: 0 },
});

/** A command, and the words of the command line that select it. */
export interface CommandLine {
  line: string[];
  command: Command;
}

/** Lists the program, its commands, and their subcommands. */
export const everyCommand = (): CommandLine[] => walk(makeProgram(unusedContext()), []);

const walk = (command: Command, line: string[]): CommandLine[] => [
  { line, command },
  ...command.commands.flatMap((child) => walk(child, [...line, child.name()])),
];
