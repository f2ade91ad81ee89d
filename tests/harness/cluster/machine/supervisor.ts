import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Component } from './components.ts';

/** More restarts than any test causes: a component that ends more often is broken. */
const maxStarts = 20;

/** Milliseconds until a component that ended is started again. */
const restartDelay = 500;

/**
 * Restarts components when they end, as systemd does and as the kubelet does with static pods. To restart a component, a
 * test kills the process whose id is in `pid/<name>`.
 */
export class Supervisor {
  readonly #directory: string;
  #stopping = false;

  constructor(directory: string) {
    this.#directory = directory;
    for (const folder of ['log', 'pid']) mkdirSync(join(directory, folder), { recursive: true });
  }

  start({ name, command: [program = '', ...parameters] }: Component): void {
    const log = openSync(join(this.#directory, 'log', name), 'a');
    const launch = (): ChildProcess => {
      // A new session, because Ctrl-C is for the command that runs in the cluster.
      const child = spawn(program, parameters, { stdio: ['ignore', log, log], detached: true });
      writeFileSync(join(this.#directory, 'pid', name), String(child.pid));
      return child;
    };
    const keepRunning = async (): Promise<void> => {
      for (let starts = 1; starts <= maxStarts; starts += 1) {
        const child = launch();
        await new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
        if (this.#stopping) return;
        await wait(restartDelay);
      }
      console.error(`eks-jobs: ${name} ended ${maxStarts} times; the end of its log: ${this.logTail(name)}`);
    };
    void keepRunning();
  }

  /** Stops restarting components. */
  stop(): void {
    this.#stopping = true;
  }

  logTail(name: string): string {
    return readFileSync(join(this.#directory, 'log', name), 'utf8').slice(-2000);
  }
}
