import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { UserError } from '../lib/user-error.ts';

const dynoxideVersion = '3.2.0';

/** Builds are kept here and shared by every clone of this user. */
export const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'eks-jobs');

/**
 * DynamoDB for one machine, installed once by cargo.
 * @returns the path of its binary.
 */
export async function installDynoxide(signal?: AbortSignal): Promise<string> {
  const root = join(cache, `dynoxide-${dynoxideVersion}`);
  const binary = join(root, 'bin', 'dynoxide');
  if (existsSync(binary)) return binary;
  console.error(
    `eks-jobs: building DynamoDB for this machine (dynoxide ${dynoxideVersion}), once; a minute or two`,
  );
  await cargo(
    [
      'install',
      `dynoxide-rs@${dynoxideVersion}`,
      '--locked',
      '--no-default-features',
      '--features',
      'native-sqlite,http-server,cli',
      '--root',
      root,
    ],
    signal,
  );
  return binary;
}

/**
 * The Rust function, built with the profile `local`: the image's own takes minutes longer.
 * @returns the path of its binary.
 */
export function buildDataProcessor(root: string, signal?: AbortSignal): Promise<string> {
  return build(root, ['--profile', 'local'], process.env, signal);
}

/**
 * The program as the image holds it: static, small, slow to build.
 * @returns the path of its binary.
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
  const lines = await cargo(
    ['build', '--locked', ...options, '--manifest-path', manifest, ...format],
    signal,
    environment,
  );
  const binary = lines.map((line) => executableOf(line, 'data-processor')).find((path) => path !== undefined);
  if (binary === undefined) throw new UserError('cargo built no executable named data-processor');
  return binary;
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

/** Runs cargo, its progress on our standard error. @returns its standard output, by line. */
function cargo(
  arguments_: string[],
  signal?: AbortSignal,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn('cargo', arguments_, {
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
      ...(signal && { signal }),
    });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    child.once('error', (error) => {
      reject(new UserError(`cargo cannot be run (${error.message}); get it from https://rustup.rs`));
    });
    child.once('close', (code) => {
      if (code === 0) resolve(lines);
      else reject(new UserError(`cargo ${arguments_[0] ?? ''} failed, see above`));
    });
  });
}
