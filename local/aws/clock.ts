import { setTimeout as timeout } from 'node:timers/promises';

/** Time for the emulators; tests replace it with tests/harness/virtual-clock.ts. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves at `due` (epoch milliseconds); rejects when the signal is aborted. */
  sleepUntil(due: number, signal: AbortSignal): Promise<void>;
}

// setTimeout fires at once above 2^31 - 1 ms, and the default time limit of a task is years away.
const maximumTimer = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleepUntil(due, signal) {
    for (let left = due - Date.now(); left > 0; left = due - Date.now()) {
      // A sleeping execution does not keep the process alive: the next process resumes it from the journal.
      await timeout(Math.min(left, maximumTimer), undefined, { signal, ref: false });
    }
    signal.throwIfAborted();
  },
};
