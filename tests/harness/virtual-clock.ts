import type { Clock } from '../../local/aws/clock.ts';

/** A clock that does not move until a test sets it. */
export class SteppedClock implements Clock {
  #now: number;
  readonly #sleeping = new Set<{ due: number; wake: () => void }>();
  /** How long each sleep was, in order (milliseconds). */
  readonly slept: number[] = [];

  constructor(now: string | number) {
    this.#now = new Date(now).getTime();
  }

  now(): number {
    return this.#now;
  }

  async sleepUntil(due: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (due <= this.#now) return;
    await new Promise<void>((wake) => {
      const sleeper = { due, wake };
      this.#sleeping.add(sleeper);
      this.slept.push(due - this.#now);
      signal.addEventListener(
        'abort',
        () => {
          this.#sleeping.delete(sleeper);
          wake();
        },
        { once: true },
      );
      this.onSleep();
    });
    signal.throwIfAborted();
  }

  /** Sets the time and wakes every sleep that is due. */
  set(now: string | number): void {
    this.#now = new Date(now).getTime();
    for (const sleeper of this.#sleeping) {
      if (sleeper.due > this.#now) continue;
      this.#sleeping.delete(sleeper);
      sleeper.wake();
    }
  }

  /** The number of sleeps that are not over: once all that was due is done, everything sleeps. */
  get sleepers(): number {
    return this.#sleeping.size;
  }

  /** Sets the time to the next due time and wakes one sleep. @returns whether there was one. */
  protected wakeNext(): boolean {
    const [next] = [...this.#sleeping].sort((one, other) => one.due - other.due);
    if (next === undefined) return false;
    this.#sleeping.delete(next);
    this.#now = Math.max(this.#now, next.due);
    next.wake();
    return true;
  }

  protected onSleep(): void {
    // This clock waits for the test.
  }
}

/** A clock that jumps to the next due time whenever the process is idle: days pass in milliseconds. */
export class VirtualClock extends SteppedClock {
  #pending = false;

  constructor(now: string | number = '2026-01-01T00:00:00Z') {
    super(now);
  }

  /** Two turns of the event loop in which no sleep began or ended count as idle. */
  protected override onSleep(): void {
    if (this.#pending) return;
    this.#pending = true;
    setImmediate(() =>
      setImmediate(() => {
        this.#pending = false;
        if (this.wakeNext()) this.onSleep();
      }),
    );
  }
}
