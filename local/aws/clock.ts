import { setTimeout as timeout } from 'node:timers/promises';

/** Time as the interpreter sees it; tests put a virtual one in its place. */
export interface Clock {
  now(): number;
  /** Resolves at `due` (epoch milliseconds); rejects when the signal is aborted. */
  sleepUntil(due: number, signal: AbortSignal): Promise<void>;
}

// setTimeout fires at once beyond 2^31 - 1 ms, and a task's default limit is years away.
const LONGEST_TIMER = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleepUntil(due, signal) {
    for (let left = due - Date.now(); left > 0; left = due - Date.now()) {
      // A sleeping execution keeps no process alive: it goes on from its journal.
      await timeout(Math.min(left, LONGEST_TIMER), undefined, { signal, ref: false });
    }
    signal.throwIfAborted();
  },
};
