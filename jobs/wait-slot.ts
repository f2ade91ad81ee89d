import { randomUUID } from 'node:crypto';
import type { WaitSlots } from './ports.ts';

interface Dependencies {
  slots: WaitSlots;
  now?: () => number;
  /** A random number from 0 to below 1. */
  random?: () => number;
}

/**
 * Takes one of the stage's slots for requests that wait: each such request occupies a Lambda instance until it ends. Two random
 * slots are tried. A slot whose holder was killed is free again when its time is over.
 * @param count the number of slots, 0 for none.
 * @param seconds how long the slot is needed at most.
 * @returns the function that frees the slot; undefined if both slots are taken.
 */
export async function takeWaitSlot(
  count: number,
  seconds: number,
  { slots, now = Date.now, random = Math.random }: Dependencies,
): Promise<(() => Promise<void>) | undefined> {
  const holder = randomUUID();
  for (const slot of twoOf(count, random)) {
    const at = Math.floor(now() / 1000);
    if (await slots.take(slot, { holder, now: at, expiresAt: at + Math.ceil(seconds) + 1 })) {
      return () => slots.free(slot, holder);
    }
  }
  return undefined;
}

/** Draws two different numbers below `count`, or as many as there are. */
function twoOf(count: number, random: () => number): number[] {
  const draw = (below: number): number => Math.floor(random() * below);
  if (count < 2) return [0].slice(0, count);
  const first = draw(count);
  return [first, (first + 1 + draw(count - 1)) % count];
}
