import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTimestamp } from '../../../../../local/aws/step-functions/timestamp.ts';

test('a timestamp is the same time as for Date, in whole seconds', () => {
  const offset = fc.constantFrom('Z', '+00:00', '+05:30', '-11:00');
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1970-01-02'), max: new Date('9998-01-01'), noInvalidDate: true }),
      offset,
      fc.constantFrom('', '.5', '.123456789'),
      (date, zone, fraction) => {
        const local = date.toISOString().slice(0, 19);
        expect(parseTimestamp(`${local}${fraction}${zone}`)).toBe(Date.parse(`${local}${zone}`));
      },
    ),
  );
});

test.each([
  '2026-01-01',
  '2026-01-01T00:00:00',
  '2026-01-01t00:00:00z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T00:00:60Z',
  '2025-02-29T00:00:00Z',
  '',
])('%j is not a timestamp', (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});
