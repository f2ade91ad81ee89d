import type { Clock } from '../../local/aws/step-functions/index.ts';

interface Sleeper {
  due: number;
  wake: () => void;
}

/** A clock that jumps to the next due time whenever the process has nothing else to do: days pass in milliseconds. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();
  #pending = false;
  /** How long each sleep was, in order. */
  readonly slept: number[] = [];

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
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
      this.slept.push(due - this.#now);
      signal.addEventListener(
        'abort',
        () => {
          this.#sleepers.delete(sleeper);
          wake();
        },
        { once: true },
      );
      this.#advanceWhenIdle();
    });
    signal.throwIfAborted();
  }

  /** Two turns of the event loop in which nobody went to sleep or woke count as idle. */
  #advanceWhenIdle(): void {
    if (this.#pending) return;
    this.#pending = true;
    setImmediate(() =>
      setImmediate(() => {
        this.#pending = false;
        const next = [...this.#sleepers].sort((one, other) => one.due - other.due)[0];
        if (next === undefined) return;
        this.#sleepers.delete(next);
        this.#now = Math.max(this.#now, next.due);
        next.wake();
        this.#advanceWhenIdle();
      }),
    );
  }
}
