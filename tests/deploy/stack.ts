import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clusterName, type Emulator } from './emulator.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Folders that are not part of the service. Files and folders that begin with a dot are not, either. */
const otherFolders = ['node_modules', 'tests', 'docs', 'bench'];

/** Milliseconds for a command. The framework never ends if a bundle fails. */
const commandTimeout = 300_000;

/** The exit code and output of a command of sls. */
export interface SlsResult {
  code: number | null;
  text: string;
}

/** A copy of the service in a new folder, without tests. sls packages and deploys there. */
export class Stack {
  readonly stage: string;
  readonly #emulator: Emulator;
  readonly #folder: string;
  readonly #parameters: readonly string[];

  constructor(emulator: Emulator, directory: string, stage: string, parameters: Record<string, string>) {
    this.stage = stage;
    this.#emulator = emulator;
    this.#folder = join(directory, 'service');
    mkdirSync(this.#folder);
    for (const name of readdirSync(root)) {
      if (name.startsWith('.') || otherFolders.includes(name)) continue;
      cpSync(join(root, name), join(this.#folder, name), {
        recursive: true,
        filter: (path) => !path.includes('/data_processor/target'),
      });
    }
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'));
    const allParameters = {
      cluster: clusterName,
      // The tests' cluster has a single node.
      nodeClass: 'none',
      nodeSelector: '{}',
      // The node has this image already, so it is not pulled.
      image: 'eks-jobs.local/data-processor:local',
      jobEndpointUrl: emulator.podUrl,
      ...parameters,
    };
    this.#parameters = Object.entries(allParameters).flatMap(([name, value]) => [
      '--param',
      `${name}=${value}`,
    ]);
  }

  get name(): string {
    return `eks-jobs-${this.stage}`;
  }

  /** Changes a text in a file of the copy, as a later version of the service would. */
  edit(file: string, before: string, after: string): void {
    const path = join(this.#folder, file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(before)) throw new Error(`${file} does not contain ${before}`);
    writeFileSync(path, text.replace(before, after));
  }

  /** Runs the real sls, as `npx sls COMMAND` does. @param more further parameters of the command. */
  async sls(command: string, ...more: string[]): Promise<SlsResult> {
    const child = spawn(
      join(this.#folder, 'node_modules', '.bin', 'sls'),
      [command, '--stage', this.stage, ...this.#parameters, ...more],
      {
        cwd: this.#folder,
        env: { ...this.#emulator.environment, NO_COLOR: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: commandTimeout,
      },
    );
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    }
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, text };
  }
}
