import { CommanderError } from 'commander';
import { exitCodes } from './exit-codes.ts';
import { ApiRefusal } from './api/refusal.ts';
import { CommandFailure, Interrupted } from './failure.ts';
import { printable } from './output/text.ts';
import { makeProgram } from './program.ts';
import type { Shell } from './shell.ts';

/**
 * Runs one command line.
 * @returns the exit code; why it is not 0 was said to the shell.
 */
export async function run(arguments_: readonly string[], shell: Shell): Promise<number> {
  const ending = { exitCode: exitCodes.done as number };
  try {
    await makeProgram({ shell, ending }).parseAsync(arguments_, { from: 'user' });
    return ending.exitCode;
  } catch (error) {
    // commander has given the help that was asked for, or said what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const failure = shell.interrupted.aborted && !(error instanceof Interrupted) ? new Interrupted() : error;
    if (!(failure instanceof CommandFailure)) throw failure;
    shell.err.write(textOf(failure));
    return failure.exitCode;
  }
}

function textOf(failure: CommandFailure): string {
  const details = failure instanceof ApiRefusal ? failure.details : [];
  return [
    `eks-jobs: ${printable(failure.message)}`,
    ...details.map(({ field, message }) => `  ${printable(field)}: ${printable(message)}`),
    ...failure.hints.map((hint) => `  ${printable(hint)}`),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
