import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from '../../harness/running-service.ts';

/** How wide the terminals are. */
export const columns = 100;

/** One word of a shell. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A command at a terminal, as a user has it: `script` makes the pseudo-terminal, of util-linux here, of BSD on macOS. */
export class PseudoTerminal {
  readonly #child: ChildProcess;
  #shown = '';

  constructor(command: readonly string[], environment: NodeJS.ProcessEnv) {
    const line = `stty cols ${columns} rows 40; exec ${command.map(quote).join(' ')}`;
    const arguments_ =
      process.platform === 'darwin'
        ? ['-q', '/dev/null', '/bin/sh', '-c', line]
        : ['--quiet', '--flush', '--return', '--command', line, '/dev/null'];
    this.#child = spawn('script', arguments_, {
      env: { ...environment, TERM: 'xterm', SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#shown += chunk.toString()));
  }

  /** Everything that was written to it, escape sequences too. */
  get shown(): string {
    return this.#shown;
  }

  /** Waits until this is on it. */
  async shows(what: RegExp): Promise<void> {
    await eventually(() => what.test(this.#shown) || undefined, `${String(what)} in ${this.#shown}`);
  }

  /** Types: \u0003 is Ctrl-C. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Waits for the end of the command. @returns its exit code. */
  async exit(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close');
    return this.#child.exitCode;
  }

  /** Ends what has not ended by itself: who sits at it is gone. */
  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    await this.exit();
  }
}
