import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clusterName, type Emulator } from './emulator.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What is not the service itself, besides what has a dot before its name. */
const apart = ['node_modules', 'tests', 'docs', 'bench'];

/** How long a command may take, in milliseconds: where a bundle fails, the framework waits for ever. */
const patience = 300_000;

/** What a command of sls said, and how it ended. */
export interface Said {
  code: number | null;
  text: string;
}

/** The service as its user has it, in a folder of its own: nothing but the test packages there. */
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
      if (name.startsWith('.') || apart.includes(name)) continue;
      cpSync(join(root, name), join(this.#folder, name), {
        recursive: true,
        filter: (path) => !path.includes('/data_processor/target'),
      });
    }
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'));
    const all = {
      cluster: clusterName,
      // The tests' cluster has its one node.
      nodeClass: 'none',
      nodeSelector: '{}',
      // Nothing is pulled: its node holds the image.
      image: 'eks-jobs.local/data-processor:local',
      jobEndpointUrl: emulator.podUrl,
      ...parameters,
    };
    this.#parameters = Object.entries(all).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  }

  get name(): string {
    return `eks-jobs-${this.stage}`;
  }

  /** Runs the real sls, as `npx sls COMMAND` would. */
  async sls(command: string): Promise<Said> {
    const child = spawn(
      join(this.#folder, 'node_modules', '.bin', 'sls'),
      [command, '--stage', this.stage, ...this.#parameters],
      {
        cwd: this.#folder,
        env: { ...this.#emulator.environment, NO_COLOR: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: patience,
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
