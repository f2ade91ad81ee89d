import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { instant } from '../../../api/request.ts';

/** Times are compared as texts, in the index and in the checks of schedules: they must sort as the instants do. */
test('texts sort as the times do, whatever their offsets', () => {
  const offset = fc.tuple(
    fc.constantFrom('+', '-'),
    fc.integer({ min: 0, max: 23 }),
    fc.integer({ min: 0, max: 59 }),
  );
  const time = fc
    .record({
      at: fc.date({
        min: new Date('0001-01-02T00:00:00Z'),
        max: new Date('9999-12-30T00:00:00Z'),
        noInvalidDate: true,
      }),
      offset,
    })
    .map(({ at, offset: [sign, hours, minutes] }) => {
      const shift = (sign === '+' ? 1 : -1) * (hours * 60 + minutes) * 60_000;
      const two = (value: number): string => String(value).padStart(2, '0');
      const local = new Date(at.getTime() + shift).toISOString().slice(0, -1);
      return { at, text: `${local}${sign}${two(hours)}:${two(minutes)}` };
    });
  fc.assert(
    fc.property(time, time, (left, right) => {
      const [first, second] = [instant().parse(left.text), instant().parse(right.text)];
      expect(first).toBe(left.at.toISOString());
      expect(first < second).toBe(left.at < right.at);
    }),
  );
});

// An offset leads out of the years of four digits: "+010000-01-01…" sorts before all others.
test.each([
  '9999-12-31T23:59:59-10:00',
  '0000-01-01T00:00:00+10:00',
  '2026-02-30T00:00:00Z',
  '2026-11-23',
  '',
])('%j is rejected', (text) => {
  expect(instant().safeParse(text).error?.issues[0]?.message).toMatch(
    /^Allowed: a date and time of RFC 3339/,
  );
});
