import type { Clock } from '../../local/aws/step-functions/index.ts';

/** A clock that stands still until a test moves it. */
export class SteppedClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<{ due: number; wake: () => void }>();

  constructor(now: string) {
    this.#now = Date.parse(now);
  }

  now(): number {
    return this.#now;
  }

  async sleepUntil(due: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (due <= this.#now) return;
    await new Promise<void>((wake) => {
      const sleeper = { due, wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener(
        'abort',
        () => {
          this.#sleepers.delete(sleeper);
          wake();
        },
        { once: true },
      );
    });
    signal.throwIfAborted();
  }

  /** Lets time pass: everybody whose time has come is woken. */
  set(now: string): void {
    this.#now = Date.parse(now);
    for (const sleeper of this.#sleepers) {
      if (sleeper.due > this.#now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }

  /** How many sleep: all is done that was to be done. */
  get sleepers(): number {
    return this.#sleepers.size;
  }
}
