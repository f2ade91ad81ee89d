import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Component } from './components.ts';

/** A component that ends more often than any test kills it is broken. */
const mostStarts = 20;

/** How soon a component that ended is started again, in milliseconds. */
const pause = 500;

/**
 * Keeps components running, as systemd and static pods would: a test that wants one restarted kills the process whose
 * id is in `pid/<name>`.
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
      // A session of its own: Ctrl-C is for the command that runs in the cluster.
      const child = spawn(program, parameters, { stdio: ['ignore', log, log], detached: true });
      writeFileSync(join(this.#directory, 'pid', name), String(child.pid));
      return child;
    };
    const keep = async (): Promise<void> => {
      for (let starts = 1; starts <= mostStarts; starts += 1) {
        const child = launch();
        await new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
        if (this.#stopping) return;
        await wait(pause);
      }
      console.error(`eks-jobs: ${name} ended ${mostStarts} times; its log ends: ${this.logTail(name)}`);
    };
    void keep();
  }

  /** Starts nothing again from now on. */
  stop(): void {
    this.#stopping = true;
  }

  logTail(name: string): string {
    return readFileSync(join(this.#directory, 'log', name), 'utf8').slice(-2000);
  }
}
