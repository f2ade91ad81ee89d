import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const framework = fileURLToPath(new URL('framework.ts', import.meta.url));

/** The hooks that osls calls, in the order of its commands. */
export const events = {
  package: 'after:aws:package:finalize:mergeCustomProviderResources',
  deploy: 'before:deploy:deploy',
  remove: 'after:remove:remove',
} as const;

/** The result of some commands: what they printed, and the template to deploy. */
export interface Outcome {
  code: number | null;
  /** `notice:`, `warning:`, `progress:` and `error:` lines. */
  lines: string[];
  /** The builder's own output. */
  errors: string;
  template: string;
}

/** Runs the image plugin's hooks of some commands of osls, with the given environment variables only. */
export async function sls(
  commands: readonly (keyof typeof events)[],
  environment: Record<string, string | undefined>,
  { stage = 'test', ...image }: Record<string, unknown> = {},
): Promise<Outcome> {
  const hooks = commands.map((command) => events[command]);
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', framework, JSON.stringify({ stage, image }), ...hooks],
    { env: environment, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const lines = output.trimEnd().split('\n');
  const template = lines.at(-1)?.startsWith('{') === true ? (lines.pop() ?? '') : '';
  return { code, lines, errors, template };
}
