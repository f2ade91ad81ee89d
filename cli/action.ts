import { Command } from 'commander';
import { exitCodes } from './exit-codes.ts';
import { openSession, type Session } from './session.ts';
import type { Shell } from './shell.ts';

/** How the command that ran ends: the action of each tells, nobody else. */
export interface Ending {
  exitCode: number;
}

/** What commands are made with. */
export interface Setting {
  shell: Shell;
  ending: Ending;
}

/**
 * What a command does. Its arguments are those of its line, in their order.
 * @returns the exit code; nothing is 0.
 */
export type Action<Options> = (
  session: Session,
  options: Options,
  ...arguments_: string[]
) => Promise<number | undefined>;

/** A command without its options: its name, what it is for, and examples for the end of its help. */
export function command(name: string, description: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .allowExcessArguments(false)
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}\n`).join('')}`);
}

/** Gives a command what it does. */
export const runs = <Options extends object>(
  bare: Command,
  { shell, ending }: Setting,
  action: Action<Options>,
): Command =>
  bare.action(async (...given: unknown[]) => {
    const arguments_ = given.slice(0, bare.registeredArguments.length) as string[];
    const code = await action(openSession(bare, shell), bare.opts<Options>(), ...arguments_);
    ending.exitCode = code ?? exitCodes.done;
  });
