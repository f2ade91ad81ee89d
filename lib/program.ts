import { spawn } from 'node:child_process';
import { UserError } from './user-error.ts';

/** How many of the last lines of a failed program go into the message. */
const lastLines = 15;
/** How much of the end of the output is kept for these lines, in characters; they are never longer. */
const keptCharacters = 16_384;

export interface ProgramOptions {
  /** Ends the program. */
  signal?: AbortSignal | undefined;
  /** Replaces our environment. */
  environment?: NodeJS.ProcessEnv;
  directory?: string;
  /** Shows the program's standard output here too. */
  show?: NodeJS.WritableStream;
  /** Keeps the end of standard error too. Without it the program writes to ours directly, as a terminal with colours needs. */
  keepErrors?: boolean;
}

/** How a program ended. */
export interface ProgramResult {
  /** undefined when it could not be run, or a signal ended it. */
  code: number | undefined;
  /** Why it could not be run. */
  problem: string | undefined;
  /** Its whole standard output. */
  output: string;
  /** The end of all that was kept. */
  end: string;
}

/** Runs a program until its end; it is gone with its open files when the promise resolves. Does not throw. */
export function runProgram(
  program: string,
  parameters: readonly string[],
  { signal, environment = process.env, directory, show, keepErrors = false }: ProgramOptions = {},
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, {
      stdio: ['ignore', 'pipe', keepErrors ? 'pipe' : 'inherit'],
      env: environment,
      ...(directory !== undefined && { cwd: directory }),
      ...(signal && { signal }),
    });
    let output = '';
    let end = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      show?.write(text);
      output += text;
      end = (end + text).slice(-keptCharacters);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text);
      end = (end + text).slice(-keptCharacters);
    });
    let problem: string | undefined;
    child.once('error', (error) => {
      problem = error.message;
    });
    child.once('close', (code) => {
      resolve({ code: code ?? undefined, problem, output, end });
    });
  });
}

/**
 * Runs a program that must succeed, with all its output on our standard error.
 * @throws UserError with its last lines when it cannot be run or fails.
 */
export async function requireProgram(
  program: string,
  parameters: readonly string[],
  options: Pick<ProgramOptions, 'signal' | 'environment'> = {},
): Promise<void> {
  const { code, problem, end } = await runProgram(program, parameters, {
    ...options,
    show: process.stderr,
    keepErrors: true,
  });
  if (code === 0 && problem === undefined) return;
  const lines = end.trimEnd().split('\n').slice(-lastLines);
  const shown = lines.map((line) => `\n  ${line.trimEnd()}`).join('');
  const command = [program, ...parameters.slice(0, 2)].join(' ');
  throw new UserError(`${command} … failed (${problem ?? `exit code ${code ?? 'none'}`}):${shown}`);
}

/**
 * Runs cargo, with its progress on our standard error.
 * @returns its standard output, by line.
 * @throws UserError when it is not installed or fails.
 */
export async function runCargo(
  parameters: readonly string[],
  options: Pick<ProgramOptions, 'signal' | 'environment'> = {},
): Promise<string[]> {
  const { code, problem, output } = await runProgram('cargo', parameters, options);
  if (problem !== undefined) {
    throw new UserError(`cargo cannot be run (${problem}); get it from https://rustup.rs`);
  }
  if (code !== 0) throw new UserError(`cargo ${parameters[0] ?? ''} failed, see above`);
  return output.split('\n');
}
