import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
export const bin = fileURLToPath(new URL('../../../cli/eks-jobs.mjs', import.meta.url));

/**
 * A user's shell: the Node that the machine has, not the one that npm puts before it; no settings of whoever runs the tests (with CI
 * set, Node takes no terminal for one that shows colours).
 */
export const environment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(EKS_JOBS_|AWS_|FORCE_COLOR|NO_COLOR|npm_|CI$)/.test(name)),
  ),
  PATH: (process.env['PATH'] ?? '')
    .split(':')
    .filter((directory) => !directory.includes('node_modules'))
    .join(':'),
};

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a program in pipes until it ends. @param more variables. */
export function runInPipes(
  [program = '', ...arguments_]: readonly string[],
  { input = '', cwd = root, more = {} }: { input?: string; cwd?: string; more?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, arguments_, { cwd, env: { ...environment, ...more } });
    const ended = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (ended.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (ended.err += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, ...ended });
    });
    child.stdin.end(input);
  });
}
