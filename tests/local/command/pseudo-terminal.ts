import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from '../../harness/running-service.ts';

/** The width of the terminals. */
export const columns = 100;

/** Quotes a text as one word of a shell. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A command in a pseudo-terminal of `script`: that of util-linux on Linux, that of BSD on macOS. */
export class PseudoTerminal {
  readonly #child: ChildProcess;
  #output = '';

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
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  /** Everything that was written to it, including escape sequences. */
  get output(): string {
    return this.#output;
  }

  /** Waits until the output matches. */
  async waitFor(pattern: RegExp): Promise<void> {
    await eventually(() => pattern.test(this.#output) || undefined, `${String(pattern)} in ${this.#output}`);
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

  /** Ends the command if it is still running. */
  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    await this.exit();
  }
}
