import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import type { Setting } from '../../cli/action.ts';
import { makeProgram } from '../../cli/program.ts';

/** What commands are made with that nobody runs. */
export const unattended = (): Setting => ({
  shell: {
    ...{ out: new PassThrough(), err: new PassThrough(), input: new PassThrough() },
    interrupted: new AbortController().signal,
  },
  ending: { exitCode: 0 },
});

export interface Found {
  line: string[];
  command: Command;
}

/** The program, each of its commands, and theirs. */
export const everyCommand = (): Found[] => walk(makeProgram(unattended()), []);

const walk = (command: Command, line: string[]): Found[] => [
  { line, command },
  ...command.commands.flatMap((child) => walk(child, [...line, child.name()])),
];
