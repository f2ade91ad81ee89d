import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { StepFunctionsStore } from './store.ts';

/**
 * "After this quota is reached, you can no longer retrieve or view the execution history": 90 days (Step Functions
 * service quotas).
 */
const retentionPeriod = 90 * 24 * 60 * 60 * 1000;
/** How often old executions are deleted (milliseconds). */
const interval = 60 * 60 * 1000;

/**
 * Deletes executions that ended 90 days ago, so that the journal does not grow without limit. Their names are free
 * again, as on AWS.
 */
export class Retention {
  readonly #store: StepFunctionsStore;
  readonly #clock: Clock;
  #due = 0;
  #closed = false;

  constructor(store: StepFunctionsStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Called whenever the journal grows; deletes at most once an hour, in the background. */
  onGrowth(): void {
    const now = this.#clock.now();
    if (now < this.#due) return;
    this.#due = now + interval;
    void this.#deleteEndedBefore(now - retentionPeriod);
  }

  close(): void {
    this.#closed = true;
  }

  /**
   * Deletes one execution with its whole history at a time; requests and other executions have their turn in between.
   */
  async #deleteEndedBefore(time: number): Promise<void> {
    let deleted = 0;
    for (;;) {
      await setImmediate();
      if (this.#closed || !this.#store.deleteOldest(time)) break;
      deleted++;
    }
    if (deleted > 0 && !this.#closed) this.#store.deleteUnusedDefinitions();
  }
}
