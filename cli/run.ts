import { CommanderError } from 'commander';
import { ApiRejection } from './api/rejection.ts';
import { exitCodes } from './exit-codes.ts';
import { CommandFailure, Interrupted } from './failure.ts';
import { printable } from './output/table.ts';
import { makeProgram } from './program.ts';
import type { Shell } from './session.ts';

/**
 * Runs one command line and prints its failure to standard error.
 * @returns the exit code.
 */
export async function runCommandLine(arguments_: readonly string[], shell: Shell): Promise<number> {
  const exit = { code: exitCodes.done as number };
  try {
    await makeProgram({ shell, exit }).parseAsync(arguments_, { from: 'user' });
    return exit.code;
  } catch (error) {
    // commander has printed the requested help or what is wrong with the command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const failure = shell.interrupted.aborted && !(error instanceof Interrupted) ? new Interrupted() : error;
    if (!(failure instanceof CommandFailure)) throw failure;
    shell.err.write(renderFailure(failure));
    return failure.exitCode;
  }
}

function renderFailure(failure: CommandFailure): string {
  const details = failure instanceof ApiRejection ? failure.details : [];
  return [
    `eks-jobs: ${printable(failure.message)}`,
    ...details.map(({ field, message }) => `  ${printable(field)}: ${printable(message)}`),
    ...failure.hints.map((hint) => `  ${printable(hint)}`),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
