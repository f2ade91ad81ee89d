import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as z from 'zod';
import { runCargo } from '../lib/program.ts';
import { UserError } from '../lib/user-error.ts';

/**
 * Builds the Rust function with the profile `local`: the profile of the image takes minutes longer.
 * @returns the path of its program.
 */
export function buildDataProcessor(root: string, signal?: AbortSignal): Promise<string> {
  return build(root, ['--profile', 'local'], process.env, signal);
}

/**
 * Builds the program as the image contains it: static, small, slow to build.
 * @returns the path of its program.
 */
export function buildRelease(root: string, signal?: AbortSignal): Promise<string> {
  const { status, stdout } = spawnSync('rustc', ['--print', 'host-tuple'], { encoding: 'utf8' });
  if (status !== 0) throw new UserError('rustc cannot be run; get it from https://rustup.rs');
  // The target is named, as in the Dockerfile: procedural macros cannot be static.
  const environment = { ...process.env, RUSTFLAGS: '-C target-feature=+crt-static' };
  return build(root, ['--release', '--target', stdout.trim()], environment, signal);
}

async function build(
  root: string,
  options: string[],
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<string> {
  const manifest = join(root, 'data_processor', 'Cargo.toml');
  const format = ['--message-format', 'json-render-diagnostics'];
  const parameters = ['build', '--locked', ...options, '--manifest-path', manifest, ...format];
  const lines = await runCargo(parameters, { signal, environment });
  const program = lines
    .map((line) => executableOf(line, 'data-processor'))
    .find((path) => path !== undefined);
  if (program === undefined) throw new UserError('cargo built no executable named data-processor');
  return program;
}

const Artifact = z.object({
  reason: z.literal('compiler-artifact'),
  target: z.object({ name: z.string() }),
  executable: z.string(),
});

/** Reads one message of cargo. @returns the executable's path if the message reports the target of this name. */
function executableOf(line: string, target: string): string | undefined {
  const artifact = line.startsWith('{') ? Artifact.safeParse(JSON.parse(line)).data : undefined;
  return artifact?.target.name === target ? artifact.executable : undefined;
}
