import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Store } from './store.ts';

/** "After this quota is reached, you can no longer retrieve or view the execution history": 90 days (Step Functions service quotas). */
const KEPT = 90 * 24 * 60 * 60 * 1000;
/** How often the journal is gone through (milliseconds). */
const EVERY = 60 * 60 * 1000;

/** Keeps the journal from growing for ever: forgets executions that ended 90 days ago. Their names are free again, as on AWS. */
export class Retention {
  readonly #store: Store;
  readonly #clock: Clock;
  #due = 0;
  #closed = false;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Called whenever the journal grows; goes through it at most once an hour, and then in the background. */
  onGrowth(): void {
    const now = this.#clock.now();
    if (now < this.#due) return;
    this.#due = now + EVERY;
    void this.#forget(now - KEPT);
  }

  close(): void {
    this.#closed = true;
  }

  /** One execution at a time, at most a whole history, each whole: requests and other executions have their turn in between. */
  async #forget(endedBefore: number): Promise<void> {
    let forgotten = 0;
    for (;;) {
      await setImmediate();
      if (this.#closed || !this.#store.forgetOldest(endedBefore)) break;
      forgotten++;
    }
    if (forgotten > 0 && !this.#closed) this.#store.forgetUnusedDefinitions();
  }
}
