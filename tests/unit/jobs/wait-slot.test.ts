import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { WaitSlots } from '../../../jobs/ports.ts';
import { takeWaitSlot } from '../../../jobs/wait-slot.ts';

/** The slots as the table keeps them. */
class InMemoryWaitSlots implements WaitSlots {
  readonly taken = new Map<number, { holder: string; expiresAt: number }>();
  requests = 0;

  take(slot: number, { holder, now, expiresAt }: Parameters<WaitSlots['take']>[1]): Promise<boolean> {
    this.requests += 1;
    const before = this.taken.get(slot);
    if (before && before.expiresAt >= now) return Promise.resolve(false);
    this.taken.set(slot, { holder, expiresAt });
    return Promise.resolve(true);
  }

  free(slot: number, holder: string): Promise<void> {
    if (this.taken.get(slot)?.holder === holder) this.taken.delete(slot);
    return Promise.resolve();
  }
}

describe('requests that wait', () => {
  test('are never more than there are slots, however many arrive and end', async () => {
    const event = fc.record({ ends: fc.boolean(), random: fc.double({ min: 0, max: 0.999, noNaN: true }) });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 7 }),
        fc.array(event, { maxLength: 60 }),
        async (count, events) => {
          const slots = new InMemoryWaitSlots();
          const waiting: (() => Promise<void>)[] = [];
          for (const { ends, random } of events) {
            if (ends) await waiting.shift()?.();
            else {
              const free = await takeWaitSlot(count, 25, { slots, random: () => random, now: () => 0 });
              if (free) waiting.push(free);
            }
            expect(waiting.length).toBeLessThanOrEqual(count);
            expect(slots.taken.size).toBe(waiting.length);
          }
        },
      ),
    );
  });

  test('try two different slots, and give up then', async () => {
    const slots = new InMemoryWaitSlots();
    const take = (random: number) => takeWaitSlot(3, 25, { slots, random: () => random, now: () => 0 });
    await take(0);
    await take(0.4);
    expect([...slots.taken.keys()].sort()).toEqual([0, 1]);
    slots.requests = 0;
    // The first draw is slot 0, the second is the one after it.
    expect(await take(0)).toBeUndefined();
    expect(slots.requests).toBe(2);
  });

  test('take the slot of a request that was killed, once its time is over', async () => {
    const slots = new InMemoryWaitSlots();
    const takeAt = (now: number) => takeWaitSlot(1, 28.5, { slots, now: () => now });
    expect(await takeAt(0)).toBeDefined();
    expect(await takeAt(28_500)).toBeUndefined();
    const later = await takeAt(31_000);
    expect(later).toBeDefined();
    await later?.();
    expect(slots.taken.size).toBe(0);
  });

  test('do not free a slot that another request has taken since', async () => {
    const slots = new InMemoryWaitSlots();
    const slow = await takeWaitSlot(1, 25, { slots, now: () => 0 });
    await takeWaitSlot(1, 25, { slots, now: () => 60_000 });
    await slow?.();
    expect(slots.taken.size).toBe(1);
  });

  test('with zero slots make no request', async () => {
    const slots = new InMemoryWaitSlots();
    expect(await takeWaitSlot(0, 25, { slots })).toBeUndefined();
    expect(slots.requests).toBe(0);
  });
});
