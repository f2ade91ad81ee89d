import { spawn } from 'node:child_process';
import { UserError } from '../lib/user-error.ts';

/** So many of a failed program's last lines go into the message. */
const lastLines = 15;
/** More than those lines are ever long. */
const kept = 16_384;

/**
 * Runs a program with its output on our standard error.
 * @param environment its own, instead of ours.
 * @throws UserError with its last lines when it cannot be run or fails.
 */
export function run(
  program: string,
  parameters: readonly string[],
  signal?: AbortSignal,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment,
      ...(signal && { signal }),
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        process.stderr.write(chunk);
        output = (output + chunk.toString()).slice(-kept);
      });
    }
    let problem: string | undefined;
    child.once('error', (error) => {
      problem = error.message;
    });
    // Not before it is gone: its files are removed next.
    child.once('close', (code) => {
      if (code === 0 && problem === undefined) {
        resolve();
        return;
      }
      const lines = output.trimEnd().split('\n').slice(-lastLines);
      const said = lines.map((line) => `\n  ${line.trimEnd()}`).join('');
      const command = [program, ...parameters.slice(0, 2)].join(' ');
      reject(new UserError(`${command} … failed (${problem ?? `exit code ${code ?? 'none'}`}):${said}`));
    });
  });
}
