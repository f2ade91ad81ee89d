import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { LocalFailure } from './failure.ts';

const dynoxideVersion = '3.2.0';

/** Builds are kept here and shared by every clone of this user. */
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'eks-jobs');

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
export async function buildDataProcessor(root: string, signal?: AbortSignal): Promise<string> {
  const manifest = join(root, 'data_processor', 'Cargo.toml');
  const lines = await cargo(
    [
      'build',
      '--locked',
      '--profile',
      'local',
      '--manifest-path',
      manifest,
      '--message-format',
      'json-render-diagnostics',
    ],
    signal,
  );
  const binary = lines.map(executableOf).find((path) => path !== undefined);
  if (binary === undefined) throw new LocalFailure('cargo built no data-processor');
  return binary;
}

const Artifact = z.object({ reason: z.literal('compiler-artifact'), executable: z.string() });

const executableOf = (line: string): string | undefined =>
  line.startsWith('{') ? Artifact.safeParse(JSON.parse(line)).data?.executable : undefined;

/** Runs cargo, its progress on our standard error. @returns its standard output, by line. */
function cargo(arguments_: string[], signal?: AbortSignal): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn('cargo', arguments_, {
      stdio: ['ignore', 'pipe', 'inherit'],
      ...(signal && { signal }),
    });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    child.once('error', (error) => {
      reject(new LocalFailure(`cargo cannot be run (${error.message}); get it from https://rustup.rs`));
    });
    child.once('close', (code) => {
      if (code === 0) resolve(lines);
      else reject(new LocalFailure(`cargo ${arguments_[0] ?? ''} failed, see above`));
    });
  });
}
