import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Finished {
  code: number | null;
  output: string;
  errors: string;
}

/** What `npm run k8s:apply -- …` (or k8s:diff, k8s:delete) runs; npm itself would only add a second. */
export async function manifestCommand(name: string, ...options: string[]): Promise<Finished> {
  const script = ['--disable-warning=ExperimentalWarning', 'k8s/command.ts', `k8s:${name}`, ...options];
  const child = spawn(process.execPath, script, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, output, errors };
}

/** The same, where nothing but success is expected. @returns its output. */
export async function manifestsDone(name: string, ...options: string[]): Promise<string> {
  const { code, output, errors } = await manifestCommand(name, '--context', 'cluster', ...options);
  if (code !== 0) throw new Error(`k8s:${name} ended with ${code ?? 'a signal'}: ${errors}`);
  return output;
}
