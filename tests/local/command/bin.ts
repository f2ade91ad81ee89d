import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
export const bin = fileURLToPath(new URL('../../../cli/eks-jobs.mjs', import.meta.url));

/**
 * A user's environment: the machine's own Node, not the one that npm puts first in PATH, and no settings of the caller of the tests
 * (with CI set, Node treats terminals as colourless).
 */
export const environment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(EKS_JOBS_|AWS_|FORCE_COLOR|NO_COLOR|npm_|CI$)/.test(name),
    ),
  ),
  PATH: (process.env['PATH'] ?? '')
    .split(':')
    .filter((directory) => !directory.includes('node_modules'))
    .join(':'),
};

export interface ProcessResult {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a program with pipes until it ends. @param more additional variables. */
export function runInPipes(
  [program = '', ...arguments_]: readonly string[],
  { input = '', cwd = root, more = {} }: { input?: string; cwd?: string; more?: NodeJS.ProcessEnv } = {},
): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, arguments_, { cwd, env: { ...environment, ...more } });
    const output = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, ...output });
    });
    child.stdin.end(input);
  });
}
